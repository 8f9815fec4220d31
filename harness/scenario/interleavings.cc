// SPDX-License-Identifier: MIT
#include "harness/scenario/interleavings.h"

#include <algorithm>
#include <utility>

namespace lockstep::transcript {
namespace {

// The steps of one block, whose turns are numbers of actors in order of their first step.
struct Block {
  std::vector<std::string> actors;
  // An actor's own turns. One is a step, with those before it that arm it.
  std::vector<std::vector<std::vector<Step>>> lanes;
  std::vector<std::size_t> turns;        // the first order: sorted
};

Block ReadBlock(const std::vector<Step>& steps, std::size_t* at) {
  Block block;
  const int number = steps[*at].interleaving;
  for (; *at < steps.size() && steps[*at].interleaving == number; ++*at) {
    const std::string actor = InterleavedActor(steps[*at]);
    const auto found = std::find(block.actors.begin(), block.actors.end(), actor);
    const auto lane = static_cast<std::size_t>(found - block.actors.begin());
    if (found == block.actors.end()) {
      block.actors.push_back(actor);
      block.lanes.emplace_back();
    }
    auto& turns = block.lanes[lane];
    if (!turns.empty() && std::holds_alternative<Arm>(turns.back().back().what)) {
      turns.back().push_back(steps[*at]);
      continue;
    }
    turns.push_back({steps[*at]});
    block.turns.push_back(lane);
  }
  std::sort(block.turns.begin(), block.turns.end());
  return block;
}

void Append(const Block& block, const std::vector<std::size_t>& turns, Interleaving* out) {
  std::vector<std::size_t> next(block.lanes.size());
  for (const std::size_t lane : turns) {
    const std::vector<Step>& turn = block.lanes[lane][next[lane]++];
    out->steps.insert(out->steps.end(), turn.begin(), turn.end());
    out->order += (out->order.empty() ? "" : "-") + block.actors[lane];
  }
}

}  // namespace

std::string InterleavedActor(const Step& step) {
  if (const auto* call = std::get_if<Do>(&step.what))
    return call->actors.size() == 1 ? call->actors.front() : "";
  if (const auto* await = std::get_if<Await>(&step.what))
    return await->actors.size() == 1 ? await->actors.front() : "";
  if (const auto* arm = std::get_if<Arm>(&step.what))
    return arm->actors.size() == 1 ? arm->actors.front() : "";
  return "";
}

std::optional<std::size_t> CountInterleavings(const std::vector<Step>& steps, std::size_t most) {
  std::size_t orders = 1;
  for (std::size_t at = 0; at < steps.size();) {
    if (steps[at].interleaving == 0) {
      ++at;
      continue;
    }
    // A multinomial: the lanes one after the other, each spread over the turns so far and its own.
    std::size_t turns = 0;
    for (const auto& lane : ReadBlock(steps, &at).lanes) {
      for (std::size_t i = 1; i <= lane.size(); ++i) {
        orders = orders * ++turns / i;
        // While a lane is half spread the number is an intermediate one, but never above the end's.
        if (orders > most) return std::nullopt;
      }
    }
  }
  return orders;
}

std::vector<Interleaving> AllInterleavings(const std::vector<Step>& steps) {
  std::vector<Interleaving> all(1);
  for (std::size_t at = 0; at < steps.size();) {
    if (steps[at].interleaving == 0) {
      for (Interleaving& one : all) one.steps.push_back(steps[at]);
      ++at;
      continue;
    }
    const Block block = ReadBlock(steps, &at);
    std::vector<Interleaving> more;
    for (const Interleaving& before : all) {
      std::vector<std::size_t> turns = block.turns;
      do {
        more.push_back(before);
        Append(block, turns, &more.back());
      } while (std::next_permutation(turns.begin(), turns.end()));
    }
    all = std::move(more);
  }
  return all;
}

}  // namespace lockstep::transcript
