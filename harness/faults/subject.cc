// SPDX-License-Identifier: MIT
#include "harness/faults/subject.h"

namespace lockstep::faults {
namespace {

using Futex = Subject::Futex;

// Whoever is there after the death can go on: an old process, a fresh one, and one that makes anew.
// `trace` is there for what never answers: of a call that is followed that is known to be its
// doing.
const char* const kGoesOn = R"(@b s.release() -> None
new f s
trace f
f s.acquire(False) -> True
f s.release() -> None
trace @b
@b s.acquire(timeout=1.0) -> True
trace @b
@b t = SemLock(SEMAPHORE, 1, 1, NAME2, unlink=True)
@b t.acquire(False) -> True
@b sem_unlink(NAME) -> None or raises FileNotFoundError
)";

const char* const kMakesAnew = R"(trace @b
@b t = SemLock(SEMAPHORE, 1, 1, NAME2, unlink=True)
@b t.acquire(False) -> True
trace @b
@b v = SemLock(SEMAPHORE, 1, 1, NAME, unlink=True)
@b v.acquire(False) -> True
)";

// Who gives a dead one's unit back may do so when it is asked for.
const char* const kCanBeHad = "@b s.acquire(False) -> True\n@b s.release() -> None\n";

const char* const kWakeupLost =
    "the wake-up went with the waiter: another sleeps beside a unit until the next release()";
const char* const kUnitWithHolder = "the unit went with the one that had it";
const char* const kPostWithoutWake =
    "the unit is there, and the death came before the wake: the waiter sleeps until the next "
    "release()";
const char* const kNameStays = "the name stays, and a whole semaphore under it";
const char* const kUnlinkedByFailed =
    "an attach that fails unlinks what it did not make, as CPython's does";
const char* const kNameOfFailed =
    "sem_open() failed after it had made the name, and the name stays";

std::string With(const char* head, const char* tail) { return std::string(head) + tail; }

Subject Create(bool unlink) {
  Subject one;
  one.name = unlink ? "create-and-unlink" : "create";
  one.before = "new c\n";
  one.call = std::string("s = SemLock(SEMAPHORE, 77315, 99999, NAME, unlink=") +
             (unlink ? "True)" : "False)");
  const char* const whole = R"(@b u = SemLock._rebuild(0, SEMAPHORE, 99999, NAME)
@b u._get_value() -> 77315
@b u.acquire(False) -> True
@b sem_unlink(NAME) -> None
)";
  one.after = unlink ? "@a s._get_value() -> 77315\n@b sem_unlink(NAME) raises FileNotFoundError\n"
                     : "@a s._get_value() -> 77315\n@b sem_unlink(NAME) -> None\n";
  one.killed = {{With("@b SemLock._rebuild(0, SEMAPHORE, 99999, NAME) raises FileNotFoundError\n",
                      kMakesAnew)},
                {With(whole, kMakesAnew), unlink ? kNameStays : "", 9, unlink ? 0 : 9}};
  const std::string again = "@a " + one.call + "\n" + one.after;
  one.failed = {{again}, {"@b sem_unlink(NAME) -> None\n" + again, kNameOfFailed, 9, 0, true}};
  return one;
}

std::vector<Subject> Names() {
  Subject rebuild;
  rebuild.name = "rebuild";
  rebuild.before = "new c\n@b s = SemLock(SEMAPHORE, 2, 9, NAME, unlink=False)\n";
  rebuild.call = "u = SemLock._rebuild(0, SEMAPHORE, 9, NAME)";
  rebuild.after =
      "@a u._get_value() -> 2\n@a u.acquire(False) -> True\n@b s._get_value() -> 1\n@b "
      "sem_unlink(NAME) -> None\n";
  rebuild.killed = {{With("@b s._get_value() -> 2\n", kGoesOn)}};
  rebuild.failed = {{"@a " + rebuild.call + "\n" + rebuild.after}};

  Subject unlink;
  unlink.name = "sem_unlink";
  unlink.before = "new c\n@b s = SemLock(SEMAPHORE, 2, 9, NAME, unlink=False)\n";
  unlink.call = "sem_unlink(NAME)";
  unlink.done = "-> None";
  unlink.after =
      "@b SemLock._rebuild(0, SEMAPHORE, 9, NAME) raises FileNotFoundError\n@b s.acquire(False) -> "
      "True\n";
  unlink.killed = {{With("@b s._get_value() -> 2\n", kGoesOn)}};
  unlink.failed = {{"@a sem_unlink(NAME) -> None\n" + unlink.after}};

  Subject del;
  del.name = "del";
  del.before =
      "new c\n@b s = SemLock(SEMAPHORE, 2, 9, NAME, unlink=False)\n@a u = SemLock._rebuild(0, "
      "SEMAPHORE, 9, NAME)\n";
  del.call = "del u";
  del.after =
      "@b s._get_value() -> 2\n@a u = SemLock._rebuild(0, SEMAPHORE, 9, NAME)\n@a u.acquire(False) "
      "-> True\n"
      "@b s._get_value() -> 1\n@b sem_unlink(NAME) -> None\n";
  del.killed = {{With("@b s._get_value() -> 2\n", kGoesOn)}};
  del.failed = {{del.after}};
  return {rebuild, unlink, del};
}

Subject Acquire(const char* name, const char* call, bool timed_out = false) {
  Subject one;
  one.name = name;
  one.futex = Futex::kWaits;
  one.before = "@b s = SemLock(SEMAPHORE, 0, 9, NAME, unlink=False)\nnew c s\n";
  one.call = call;
  one.waits = !timed_out;
  one.during = timed_out ? "" : "@b s.release() -> None\n";
  one.done = timed_out ? "-> False" : "returns True";
  one.after =
      "@b s._get_value() -> 0\n@b s.release() -> None\n@a s.acquire(False) -> True\n@b "
      "sem_unlink(NAME) -> None\n";
  if (timed_out) {
    one.killed = {{With("@b s._get_value() -> 0\n", kGoesOn)}};
  } else {
    one.killed = {{With("@b s._get_value() -> 1\n", kGoesOn)},
                  {With(kCanBeHad, kGoesOn)},
                  {With("@b s._get_value() -> 0\n", kGoesOn), kUnitWithHolder, 2}};
  }
  const char* const value =
      timed_out ? "@b s._get_value() -> 0\n@b s.release() -> None\n" : "@b s._get_value() -> 1\n";
  const char* const rest =
      "@a s._count() -> 0\n@a s.acquire(False) -> True\n@b s._get_value() -> 0\n@b "
      "sem_unlink(NAME) -> None\n";
  one.failed = {{With(value, rest)}};
  one.interrupted = one.failed;
  return one;
}

std::vector<Subject> Waiters() {
  Subject free;
  free.name = "acquire-free";
  free.futex = Futex::kWaits;
  free.before = "@b s = SemLock(SEMAPHORE, 2, 9, NAME, unlink=False)\nnew c s\n";
  free.call = "s.acquire()";
  free.done = "-> True";
  free.after = "@b s._get_value() -> 1\n@b sem_unlink(NAME) -> None\n";
  free.killed = {
      {With("@b s._get_value() -> 2\n", kGoesOn)},
      {With("@b s.acquire(False) -> True\n@b s.acquire(False) -> True\n@b s.release() -> None\n",
            kGoesOn)},
      {With("@b s._get_value() -> 1\n", kGoesOn), kUnitWithHolder, 2}};
  free.failed = {{"@b s._get_value() -> 2\n@b sem_unlink(NAME) -> None\n"}};
  free.interrupted = free.failed;

  // The one that is broken sleeps first, and is woken first where the kernel wakes in order.
  Subject two = Acquire("acquire-beside-another", "s.acquire()");
  two.before += "new d s\n";
  two.during = "d s.acquire() -> blocked\n@b s.release() -> None\n";
  two.after =
      "d still blocked\n@b s.release() -> None\nd returns True\n@b s._get_value() -> 0\n@b "
      "sem_unlink(NAME) -> None\n";
  const std::string woken = "@b s.release() -> None\nd returns True\n";
  two.killed = {{With("d returns True\n@b s._get_value() -> 0\n", kGoesOn)},
                {"d still blocked\n@b s._get_value() -> 1\n" + woken +
                     With("@b s._get_value() -> 1\n", kGoesOn),
                 kWakeupLost, 1},
                {"d still blocked\n@b s._get_value() -> 0\n" + woken +
                     With("@b s._get_value() -> 0\n", kGoesOn),
                 kUnitWithHolder, 2}};
  two.failed.clear();
  two.interrupted = {
      {"@b s.release() -> None\nd returns True\n@b s._get_value() -> 1\n@b sem_unlink(NAME) -> "
       "None\n"}};
  return {free,
          Acquire("acquire-that-waits", "s.acquire()"),
          Acquire("acquire-with-time", "s.acquire(timeout=5.0)"),
          Acquire("acquire-out-of-time", "s.acquire(timeout=0.02)", true),
          Acquire("enter", "s.__enter__()"),
          two};
}

// Killed while it is in no call of its own, or asleep in one.
std::vector<Subject> Outside() {
  const std::string made = "@b s = SemLock(SEMAPHORE, 1, 9, NAME, unlink=False)\nnew c s\n";
  const std::string taken = made + "@a s.acquire() -> True\n";
  Subject idle;
  idle.name = "idle";
  idle.before = made;
  idle.killed = {{With("@b s._get_value() -> 1\n", kGoesOn)}};
  Subject holder;
  holder.name = "holder";
  holder.before = taken;
  holder.killed = {{With(kCanBeHad, kGoesOn)},
                   {With("@b s._get_value() -> 0\n", kGoesOn), kUnitWithHolder, 2}};
  Subject waited_for;
  waited_for.name = "holder-waited-for";
  waited_for.before = taken + "new d s\nd s.acquire() -> blocked\n";
  waited_for.killed = {{With("d returns True\n@b s._get_value() -> 0\n", kGoesOn)},
                       {With("d still blocked\n@b s.release() -> None\nd returns True\n", kGoesOn),
                        kUnitWithHolder, 2}};
  Subject asleep;
  asleep.name = "asleep-beside-another";
  asleep.before =
      "@b s = SemLock(SEMAPHORE, 0, 9, NAME, unlink=False)\nnew c s\nnew d s\n"
      "@a s.acquire() -> blocked\nd s.acquire() -> blocked\n";
  asleep.killed = {
      {With("@b s.release() -> None\nd returns True\n@b s._get_value() -> 0\n", kGoesOn)}};
  return {idle, holder, waited_for, asleep};
}

std::vector<Subject> Releases() {
  Subject free;
  free.name = "release";
  free.futex = Futex::kWakes;
  free.before = "@b s = SemLock(SEMAPHORE, 1, 9, NAME, unlink=False)\nnew c s\n";
  free.call = "s.release()";
  free.done = "-> None";
  free.after = "@b s._get_value() -> 2\n@b sem_unlink(NAME) -> None\n";
  free.killed = {{With("@b s._get_value() -> 1 or 2\n", kGoesOn)}};
  free.failed = {{"@b s._get_value() -> 1\n@b sem_unlink(NAME) -> None\n"}};
  free.interrupted = {{"@b s._get_value() -> 1 or 2\n@b sem_unlink(NAME) -> None\n"}};

  // Posted or not, and woken or not: a post without its wake is the death's, or the failed call's.
  const std::string back = "d returns True\n";
  const std::string once_more =
      "d still blocked\n@b s._get_value() -> 0\n@b s.release() -> None\nd returns True\n@b "
      "s._get_value() -> 0\n";
  const std::string asleep =
      "d still blocked\n@b s._get_value() -> 1\n@b s.release() -> None\nd returns True\n@b "
      "s._get_value() -> 1\n";
  const std::string end = "@b sem_unlink(NAME) -> None\n";
  Subject one = free;
  one.name = "release-to-a-waiter";
  one.before =
      "@b s = SemLock(SEMAPHORE, 0, 9, NAME, unlink=False)\nnew c s\nnew d s\nd s.acquire() -> "
      "blocked\n";
  one.after = back + "@b s._get_value() -> 0\n" + end;
  one.killed = {{back + With("@b s._get_value() -> 0\n", kGoesOn)},
                {once_more + kGoesOn},
                {asleep + kGoesOn, kPostWithoutWake}};
  one.failed = {{once_more + end}};
  one.unhurt = {{one.after}, {asleep + end}};
  one.interrupted = {{one.after}, {once_more + end}};

  const std::string first = "d|e returns True as w, other l\n";
  Subject two = one;
  two.name = "release-to-two-waiters";
  two.before += "new e s\ne s.acquire() -> blocked\n";
  const std::string rest = "l still blocked\n@b s.release() -> None\nl returns True\n";
  const std::string both = "d still blocked\ne still blocked\n";
  const std::string for_both =
      "@b s.release() -> None\n" + first + "@b s.release() -> None\nl returns True\n";
  two.after = first + rest + "@b s._get_value() -> 0\n" + end;
  two.killed = {
      {first + rest + With("@b s._get_value() -> 0\n", kGoesOn)},
      {both + "@b s._get_value() -> 0\n" + for_both + With("@b s._get_value() -> 0\n", kGoesOn)},
      {both + "@b s._get_value() -> 1\n" + for_both + With("@b s._get_value() -> 1\n", kGoesOn),
       kPostWithoutWake}};
  two.failed = {{both + "@b s._get_value() -> 0\n" + for_both + "@b s._get_value() -> 0\n" + end}};
  two.unhurt = {{two.after},
                {both + "@b s._get_value() -> 1\n" + for_both + "@b s._get_value() -> 1\n" + end}};
  two.interrupted = {{two.after}, two.failed[0]};
  return {free, one, two};
}

std::vector<Subject> Segments() {
  const std::string use = "@a m.buf[0:4] = b'live'\n@a m.buf[0:4] -> b'live'\n";
  // `del` has a runtime collect what it has not collected yet: what a failed call left is gone
  // then.
  const std::string drop = "@a m.close() -> None\n@a del m\n";
  const char* const anew = R"(trace @b
@b n = SharedMemory(BARE2, create=True, size=64)
@b n.buf[0:4] = b'live'
@b n.close() -> None
@b n.unlink() -> None
)";
  const std::string gone = "@b shm_unlink(NAME) -> None or raises FileNotFoundError\n";

  Subject create;
  create.name = "segment-create";
  create.before = "new c\n";
  create.call = "m = SharedMemory(BARE, create=True, size=64)";
  create.after = use + drop + "@b shm_unlink(NAME) -> None\n";
  create.killed = {{gone + anew}};
  create.failed = {{"@a " + create.call + "\n" + create.after}};

  Subject attach = create;
  attach.name = "segment-attach";
  attach.before += "@b o = SharedMemory(BARE, create=True, size=64)\n@b o.buf[0:4] = b'data'\n";
  attach.call = "m = SharedMemory(BARE)";
  attach.after =
      "@a m.buf[0:4] -> b'data'\n" + drop + "@b o.close() -> None\n@b o.unlink() -> None\n";
  const std::string data =
      "@b o.buf[0:4] -> b'data'\n@b o.close() -> None\n@b shm_unlink(NAME) -> None\n";
  attach.killed = {{data + anew}};
  attach.failed = {{"@a " + attach.call + "\n" + attach.after},
                   {"@b SharedMemory(BARE) raises FileNotFoundError\n@b o.buf[0:4] -> b'data'\n@b "
                    "o.close() -> None\n"
                    "@a m = SharedMemory(BARE2, create=True, size=64)\n@a m.unlink() -> None\n" +
                        drop,
                    kUnlinkedByFailed}};

  Subject close = attach;
  close.name = "segment-close";
  close.before += "@a m = SharedMemory(BARE)\n";
  close.call = "m.close()";
  close.done = "-> None";
  close.after = "@b o.buf[0:4] -> b'data'\n@a m = SharedMemory(BARE)\n" + attach.after;
  close.failed = {{"@a m.close() -> None\n" + close.after}, {close.after}};

  Subject unlink = attach;
  unlink.name = "segment-unlink";
  unlink.before += "@a m = SharedMemory(BARE)\n";
  unlink.call = "m.unlink()";
  unlink.done = "-> None";
  unlink.after =
      "@a m.close() -> None\n@b SharedMemory(BARE) raises FileNotFoundError\n@b o.buf[0:4] -> "
      "b'data'\n@b o.close() -> None\n";
  unlink.killed = {{"@b o.close() -> None\n" + gone + anew}};
  unlink.failed = {{"@a m.unlink() -> None\n" + unlink.after}};

  Subject open;
  open.name = "shm_open";
  open.before = "new c\n";
  open.call = "fd = shm_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0o600)";
  open.after =
      "@a ftruncate(fd, 100) -> None\n@a fstat_size(fd) -> 100\n@a close_fd(fd) -> None\n@b "
      "shm_unlink(NAME) -> None\n";
  open.killed = {{gone + anew}};
  open.failed = {{"@a " + open.call + "\n" + open.after}};

  Subject resize;
  resize.name = "ftruncate";
  resize.before = "new c\n@a fd = shm_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0o600)\n";
  resize.call = "ftruncate(fd, 100)";
  resize.done = "-> None";
  resize.after = "@a fstat_size(fd) -> 100\n@a close_fd(fd) -> None\n@b shm_unlink(NAME) -> None\n";
  resize.killed = {
      {"@b r = shm_open(NAME, O_RDWR)\n@b fstat_size(r) -> 0 or 100\n@b close_fd(r) -> None\n" +
       gone + anew}};
  resize.failed = {{"@a fstat_size(fd) -> 0\n@a ftruncate(fd, 100) -> None\n" + resize.after}};
  return {create, attach, close, unlink, open, resize};
}

}  // namespace

std::string ToText(Sweep sweep) {
  switch (sweep) {
    case Sweep::kKills:
      return "kills";
    case Sweep::kErrors:
      return "errors";
    case Sweep::kSignals:
      return "signals";
    case Sweep::kResources:
      return "resources";
  }
  return "";
}

const std::vector<Subject>& Subjects() {
  static const std::vector<Subject> all = [] {
    std::vector<Subject> subjects = {Create(true), Create(false)};
    for (const auto& part : {Names(), Outside(), Waiters(), Releases(), Segments()})
      subjects.insert(subjects.end(), part.begin(), part.end());
    return subjects;
  }();
  return all;
}

}  // namespace lockstep::faults
