// SPDX-License-Identifier: MIT
// The rules of the model: what CPython does, in a sentence each, and where that is written.
#ifndef LOCKSTEP_HARNESS_MODEL_RULE_H_
#define LOCKSTEP_HARNESS_MODEL_RULE_H_

namespace lockstep::model {

struct Rule {
  const char* sentence;
  const char* source;
};

namespace rules {

// Making and finding
inline constexpr Rule kMade = {
    "SemLock() makes a semaphore of this value under a name that nothing has.",
    "Modules/_multiprocessing/semaphore.c: SemLock.__new__"};
inline constexpr Rule kKind = {
    "A kind other than RECURSIVE_MUTEX and SEMAPHORE is refused with ValueError.",
    "Modules/_multiprocessing/semaphore.c: SemLock.__new__"};
inline constexpr Rule kExists = {
    "A name that is taken is refused with FileExistsError.",
    "POSIX sem_open(): O_CREAT | O_EXCL, EEXIST"};
inline constexpr Rule kValueTooLarge = {
    "A value beyond SEM_VALUE_MAX, or below 0, is refused with EINVAL.",
    "POSIX sem_open(): EINVAL"};
inline constexpr Rule kNul = {
    "A name with a NUL in it is refused with ValueError.",
    "Modules/_multiprocessing/clinic/semaphore.c.h: embedded null character"};
inline constexpr Rule kNotThere = {
    "A name that nothing has is refused with FileNotFoundError.",
    "POSIX sem_open(), sem_unlink(), shm_open(), shm_unlink(): ENOENT"};
inline constexpr Rule kRebuilt = {
    "_rebuild() by name opens the semaphore of that name; the new object has no count.",
    "Modules/_multiprocessing/semaphore.c: SemLock._rebuild"};
inline constexpr Rule kUnlinked = {
    "sem_unlink() takes the name away; whoever has the semaphore open keeps it.",
    "POSIX sem_unlink()"};
inline constexpr Rule kUnnamed = {
    "A semaphore without a name is made like one with a name, and cannot be found.",
    "POSIX sem_init()"};

// Taking
inline constexpr Rule kTakes = {
    "acquire() takes a unit where there is one, and counts it.",
    "Modules/_multiprocessing/semaphore.c: SemLock.acquire"};
inline constexpr Rule kTakesAgain = {
    "The thread that owns a recursive mutex acquires it again by counting, whatever block and "
    "timeout are.",
    "Modules/_multiprocessing/semaphore.c: SemLock.acquire, ISMINE"};
inline constexpr Rule kNoUnit = {
    "Without a unit an acquire() that is not to block returns False at once.",
    "Modules/_multiprocessing/semaphore.c: SemLock.acquire; POSIX sem_trywait()"};
inline constexpr Rule kTimedOut = {
    "Without a unit a timed acquire() returns False when its time is over; a timeout of 0 or "
    "less is over at once.",
    "Modules/_multiprocessing/semaphore.c: SemLock.acquire; POSIX sem_timedwait()"};
inline constexpr Rule kNoDeadline = {
    "A timeout that is no number, infinite, or beyond the seconds of a clock is looked at when there is no "
    "unit, and refused with EINVAL.",
    "Modules/_multiprocessing/semaphore.c: SemLock.acquire, (long) timeout on x86-64; POSIX sem_timedwait()"};
inline constexpr Rule kWaits = {
    "Without a unit an acquire() that may block sleeps until there is one.",
    "Modules/_multiprocessing/semaphore.c: SemLock.acquire; POSIX sem_wait()"};
inline constexpr Rule kWoken = {
    "A unit that is posted goes to exactly one of those that wait, whichever it is, or to one "
    "that comes just then.",
    "POSIX sem_post(): which thread is woken is unspecified but for realtime policies"};
inline constexpr Rule kArguments = {
    "Arguments of the wrong number, name or type are refused with TypeError, integers beyond a C "
    "int with OverflowError.",
    "Modules/_multiprocessing/clinic/semaphore.c.h"};

// Giving back
inline constexpr Rule kPosts = {
    "release() of a SEMAPHORE adds a unit, whoever took one, and counts down.",
    "Modules/_multiprocessing/semaphore.c: SemLock.release"};
inline constexpr Rule kTooMany = {
    "release() of a SEMAPHORE whose value is maxvalue or more is refused with ValueError.",
    "Modules/_multiprocessing/semaphore.c: SemLock.release"};
inline constexpr Rule kOverflow = {
    "A semaphore cannot have more than SEM_VALUE_MAX units: OSError EOVERFLOW.",
    "POSIX sem_post(): EOVERFLOW"};
inline constexpr Rule kNotOwner = {
    "release() of a recursive mutex by a thread that does not own it is refused with "
    "AssertionError.",
    "Modules/_multiprocessing/semaphore.c: SemLock.release, ISMINE"};
inline constexpr Rule kReleasesInner = {
    "release() of a recursive mutex that was acquired more than once only counts down.",
    "Modules/_multiprocessing/semaphore.c: SemLock.release"};
inline constexpr Rule kReleasesLast = {
    "The last release() of a recursive mutex posts it.",
    "Modules/_multiprocessing/semaphore.c: SemLock.release"};

// Looking
inline constexpr Rule kCount = {
    "_count() is how often this process's object was acquired less how often it was released.",
    "Modules/_multiprocessing/semaphore.c: SemLock._count"};
inline constexpr Rule kIsMine = {
    "_is_mine() is True where the count is above 0 and this thread acquired last; a forked "
    "child's main thread is its parent's forking one.",
    "Modules/_multiprocessing/semaphore.c: ISMINE; POSIX fork(), pthread_self()"};
inline constexpr Rule kGetValue = {
    "_get_value() is how many units are free, never below 0.",
    "Modules/_multiprocessing/semaphore.c: SemLock._get_value"};
inline constexpr Rule kIsZero = {
    "_is_zero() is True where no unit is free.",
    "Modules/_multiprocessing/semaphore.c: SemLock._is_zero"};
inline constexpr Rule kAfterFork = {
    "_after_fork() sets the count of this process's object to 0, and leaves the semaphore "
    "alone.",
    "Modules/_multiprocessing/semaphore.c: SemLock._after_fork"};
inline constexpr Rule kAttribute = {
    "kind, maxvalue and name are what the object was made with; one that was unlinked at once "
    "has no name.",
    "Modules/_multiprocessing/semaphore.c: SemLock members"};

// Processes
inline constexpr Rule kForked = {
    "A forked child has its parent's objects as they are; semaphores are shared.",
    "POSIX fork(); sem_open(): named semaphores are shared"};
inline constexpr Rule kThreadMade = {
    "A new thread may have the identity of one that its process has no more, and with it what that one "
    "owned.",
    "POSIX pthread_self(), pthread_join(): an identity may be given again"};
inline constexpr Rule kSpawned = {
    "A spawned process opens its parent's objects by their names, with no count; a name that is"
    " gone is FileNotFoundError.",
    "Lib/multiprocessing/synchronize.py: SemLock.__setstate__"};
inline constexpr Rule kDied = {
    "A process ends as it was told to; the units that it took are gone.",
    "POSIX _exit(), kill(): semaphores have no owner"};
inline constexpr Rule kHandled = {
    "A handler that raises ends a wait with its exception; one that returns lets it go on.",
    "Modules/_multiprocessing/semaphore.c: SemLock.acquire, PyErr_CheckSignals()"};
inline constexpr Rule kNothing = {
    "nop() does nothing.",
    "impl/adapters/PROTOCOL.md, section 5"};
inline constexpr Rule kLeft = {
    "A name remains until it is unlinked, whoever made it and however that ended.",
    "POSIX sem_unlink(), shm_unlink(): names have kernel persistence"};

// Shared memory
inline constexpr Rule kBlockMade = {
    "SharedMemory(create=True) makes a block of that size under a name that nothing has.",
    "Lib/multiprocessing/shared_memory.py: SharedMemory.__init__"};
inline constexpr Rule kBlockAttached = {
    "SharedMemory(name) is the block of that name, with its size and bytes.",
    "Lib/multiprocessing/shared_memory.py: SharedMemory.__init__"};
inline constexpr Rule kBlockSize = {
    "A new block of 0 or fewer bytes is refused with ValueError.",
    "Lib/multiprocessing/shared_memory.py: SharedMemory.__init__"};
inline constexpr Rule kBlockBytes = {
    "A block's bytes are what anybody wrote there last, and zero before.",
    "POSIX shm_open(), ftruncate(), mmap(): MAP_SHARED"};
inline constexpr Rule kBlockClosed = {
    "close() lets go of this object's view; the block remains, and closing twice is allowed.",
    "Lib/multiprocessing/shared_memory.py: SharedMemory.close"};
inline constexpr Rule kBlockUnlinked = {
    "unlink() takes the name away; whoever has the block keeps it.",
    "POSIX shm_unlink()"};

inline constexpr Rule kShmOpened = {
    "shm_open() opens the object of that name, or makes one of 0 bytes where it is told to; O_TRUNC empties "
    "it.",
    "POSIX shm_open()"};
inline constexpr Rule kShmSize = {
    "The size of an object is what ftruncate() made it last, through whichever descriptor.",
    "POSIX shm_open(), ftruncate(), fstat()"};
inline constexpr Rule kShmNotResized = {
    "ftruncate() of a descriptor that was opened for reading alone, or to a size below 0, is refused with "
    "EINVAL.",
    "POSIX ftruncate(): EINVAL"};
inline constexpr Rule kShmClosed = {
    "A descriptor that is closed leaves the object as it is.", "POSIX close(), shm_open()"};
inline constexpr Rule kNoDescriptor = {
    "A descriptor that was closed is none: EBADF.", "POSIX fstat(), ftruncate(), close(): EBADF"};

}  // namespace rules
}  // namespace lockstep::model

#endif  // LOCKSTEP_HARNESS_MODEL_RULE_H_
