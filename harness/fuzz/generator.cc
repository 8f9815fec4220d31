// SPDX-License-Identifier: MIT
#include "harness/fuzz/generator.h"

#include <utility>

namespace lockstep::fuzz {
namespace {

// How often each action is chosen. Shrinking goes towards the first.
struct Weight {
  Action action;
  int weight;
};
constexpr Weight kWeights[] = {
    {Action::kGetValue, 12},  {Action::kIsZero, 4},     {Action::kCount, 8},        {Action::kIsMine, 8},
    {Action::kRelease, 32},   {Action::kTry, 16},       {Action::kAcquire, 32},     {Action::kAcquireFor, 8},
    {Action::kEnter, 6},      {Action::kExit, 6},       {Action::kAfterFork, 4},    {Action::kFork, 9},
    {Action::kThread, 6},     {Action::kKill, 4},       {Action::kExitProcess, 2},  {Action::kEndThread, 2},
    {Action::kConstruct, 6},  {Action::kRebuild, 8},    {Action::kDelete, 2},       {Action::kUnlink, 4},
    {Action::kUnnamed, 2},    {Action::kAttribute, 4},
    {Action::kOddAcquire, 8}, {Action::kOddConstruct, 4}, {Action::kBlockMake, 4},  {Action::kBlockAttach, 4},
    {Action::kBlockRead, 4},  {Action::kBlockWrite, 4}, {Action::kBlockSize, 1},    {Action::kBlockClose, 1},
    {Action::kBlockUnlink, 2}, {Action::kShmOpen, 4},
    {Action::kShmResize, 3},  {Action::kShmSize, 3},    {Action::kShmClose, 1},     {Action::kShmUnlink, 2},
    {Action::kStop, 2},      {Action::kContinue, 3},     {Action::kHandle, 3},
    {Action::kSignal, 4},     {Action::kSpawn, 1}};
static_assert(std::size(kWeights) == kActions);

int TotalWeight() {
  int total = 0;
  for (const Weight& one : kWeights) total += one.weight;
  return total;
}

Action ActionAt(int place) {
  for (const Weight& one : kWeights) {
    if (place < one.weight) return one.action;
    place -= one.weight;
  }
  return Action::kGetValue;
}

rc::Gen<Plan> Plans() {
  // Ranges grow with the size, which is here to be the length's alone.
  const auto any = [](auto range) { return rc::gen::resize(rc::kNominalSize, std::move(range)); };
  const auto small = [&] { return any(rc::gen::inRange<std::uint8_t>(0, 24)); };
  const auto choice = rc::gen::apply(
      [](int place, std::uint8_t actor, std::uint8_t object, std::uint8_t argument) {
        return Choice{ActionAt(place), actor, object, argument};
      },
      any(rc::gen::inRange(0, TotalWeight())), small(), small(), small());
  return rc::gen::apply(
      [](std::uint8_t setup, std::vector<Choice> choices) { return Plan{setup, std::move(choices)}; },
      any(rc::gen::inRange<std::uint8_t>(0, static_cast<std::uint8_t>(Setups().size()))),
      rc::gen::container<std::vector<Choice>>(choice));
}

}  // namespace

Generator::Generator(std::uint64_t seed) : random_(seed), plans_(Plans()) {}

rc::Shrinkable<Plan> Generator::Next() {
  constexpr int kShortest = 6;
  constexpr int kSpread = 12;
  rc::Random sizes = random_.split();
  const int one = static_cast<int>(sizes.next() % kSpread);
  const int other = static_cast<int>(sizes.next() % kSpread);
  return plans_(random_.split(), kShortest + one * other);
}

}  // namespace lockstep::fuzz
