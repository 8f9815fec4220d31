// SPDX-License-Identifier: MIT
// What of a trace there is to draw.
#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "reports/page/swim_lane.h"

namespace lockstep::reports {
namespace {

// Of a step without a stamp at the end of a trace, from what was before it.
constexpr std::int64_t kStepApart_ns = 1000;

std::vector<std::string> WordsOf(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    while (word.ends_with(',')) word.pop_back();
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

// "s" and "release" of "p s.release() -> None"; nothing where it is no call of a method.
struct Method {
  std::string object;
  std::string name;
};
std::optional<Method> MethodOf(const std::string& step) {
  const std::size_t bracket = step.find('(');
  const std::size_t dot = step.rfind('.', bracket);
  if (bracket == std::string::npos || dot == std::string::npos) return std::nullopt;
  const std::size_t blank = step.rfind(' ', dot);
  const std::size_t begin = blank == std::string::npos ? 0 : blank + 1;
  return Method{step.substr(begin, dot - begin), step.substr(dot + 1, bracket - dot - 1)};
}

// Whether a call of this name may end another's wait.
bool Posts(const std::string& name) {
  return name == "release" || name == "notify" || name == "notify_all" || name == "set" || name == "abort" || name == "__exit__";
}

class Reading {
 public:
  explicit Reading(const std::vector<TraceEntry>& trace) : trace_(trace), times_(trace.size()) {}

  Lanes Read() {
    const bool any = std::any_of(trace_.begin(), trace_.end(), [](const TraceEntry& entry) { return entry.begin_ns != 0; });
    if (!any) return {};
    Place();
    for (std::size_t i = 0; i < trace_.size(); ++i) ReadEntry(i);
    for (const auto& [lane, open] : open_) End(open, over_, false, open.entry);
    std::sort(lanes_.calls.begin(), lanes_.calls.end(), [](const Lanes::Call& a, const Lanes::Call& b) { return a.entry < b.entry; });
    FindPosters();
    return std::move(lanes_);
  }

 private:
  // When each entry came about, for those without a stamp too.
  void Place() {
    std::int64_t latest = 0;
    for (std::size_t i = 0; i < trace_.size(); ++i) {
      const TraceEntry& entry = trace_[i];
      if (entry.begin_ns != 0) {
        times_[i] = entry.begin_ns;
        latest = std::max({latest, entry.begin_ns, entry.end_ns, entry.seen_blocked_ns});
        continue;
      }
      std::size_t run = i;
      while (run < trace_.size() && trace_[run].begin_ns == 0) ++run;
      const std::int64_t next = NextAfter(run, latest);
      const auto count = static_cast<std::int64_t>(run - i);
      const std::int64_t apart = next == 0 || latest == 0 ? kStepApart_ns : (next - latest) / (count + 1);
      const std::int64_t from = latest == 0 ? next - apart * (count + 1) : latest;
      for (std::int64_t k = 0; k < count; ++k) times_[i + static_cast<std::size_t>(k)] = from + apart * (k + 1);
      latest = from + apart * count;
      i = run - 1;
    }
    over_ = latest + kStepApart_ns;
  }

  // The first stamp behind `latest` of the entries from `from` on; 0: none.
  std::int64_t NextAfter(std::size_t from, std::int64_t latest) const {
    std::int64_t next = 0;
    for (std::size_t i = from; i < trace_.size(); ++i) {
      for (const std::int64_t stamp : {trace_[i].begin_ns, trace_[i].end_ns}) {
        if (stamp > latest && (next == 0 || stamp < next)) next = stamp;
      }
    }
    return next;
  }

  std::size_t LaneOf(const std::string& actor) {
    const auto found = std::find(lanes_.actors.begin(), lanes_.actors.end(), actor);
    if (found != lanes_.actors.end()) return static_cast<std::size_t>(found - lanes_.actors.begin());
    lanes_.actors.push_back(actor);
    return lanes_.actors.size() - 1;
  }

  void ReadEntry(std::size_t i) {
    const TraceEntry& entry = trace_[i];
    if (entry.actor.empty()) return;
    const std::size_t lane = LaneOf(entry.actor);
    if (entry.begin_ns != 0) return ReadCall(i, lane);
    const std::vector<std::string> words = WordsOf(entry.step);
    const std::string first = words.empty() ? "" : words[0];
    const std::string second = words.size() < 2 ? "" : words[1];
    const auto mark = [&](Lanes::Mark::Kind kind) { lanes_.marks.push_back({lane, times_[i], kind}); };
    if (entry.outcome.starts_with("died") || entry.outcome.starts_with("exited")) {
      // With a process end its threads.
      std::erase_if(open_, [&](const auto& open) {
        const bool ends = ProcessOf(open.first) == ProcessOf(lane);
        if (ends) End(open.second, times_[i], false, open.second.entry);
        return ends;
      });
      mark(Lanes::Mark::Kind::kDied);
    } else if (std::find(words.begin(), words.end(), "at") != words.end()) {
      // What is to befall its next call; that it did is told there.
    } else if (first == "kill") {
      mark(Lanes::Mark::Kind::kKill);
    } else if (first == "signal") {
      mark(Lanes::Mark::Kind::kSignal);
    } else if (first == "stop") {
      mark(Lanes::Mark::Kind::kStop);
    } else if (first == "cont") {
      mark(Lanes::Mark::Kind::kContinue);
    } else if (first == "start") {
      mark(Lanes::Mark::Kind::kStart);
    } else if ((second == "fork" || second == "spawn" || second == "thread") && (i == 0 || trace_[i - 1].step != entry.step)) {
      const std::size_t known = lanes_.actors.size();
      // What was to come of it stands behind the names; and where it was refused nobody was made.
      const bool refused = entry.outcome.starts_with("raises");
      for (std::size_t k = 2; k < words.size() && !refused && words[k] != "raises" && words[k] != "when"; ++k)
        Make(words[k], lane, times_[i]);
      for (std::size_t made = known; second == "thread" && made < lanes_.actors.size(); ++made) process_of_[made] = ProcessOf(lane);
    }
  }

  // The lane of an actor's process: its own, or that of a thread's.
  std::size_t ProcessOf(std::size_t lane) const {
    const auto process = process_of_.find(lane);
    return process == process_of_.end() ? lane : process->second;
  }

  // `name` is "c", or "w[1..8]" of all whose names begin so.
  void Make(const std::string& name, std::size_t parent, std::int64_t at) {
    const std::size_t bracket = name.find('[');
    if (bracket == std::string::npos) {
      if (name.find_first_of("()=->") == std::string::npos) lanes_.arrows.push_back({parent, at, LaneOf(name), at, false});
      return;
    }
    for (const TraceEntry& entry : trace_) {
      const bool is_known = std::find(lanes_.actors.begin(), lanes_.actors.end(), entry.actor) != lanes_.actors.end();
      const std::string number = entry.actor.substr(std::min(bracket, entry.actor.size()));
      const bool is_of_group = entry.actor.starts_with(name.substr(0, bracket)) && !number.empty() &&
                               number.find_first_not_of("0123456789") == std::string::npos;
      if (!is_known && is_of_group) lanes_.arrows.push_back({parent, at, LaneOf(entry.actor), at, false});
    }
  }

  void ReadCall(std::size_t i, std::size_t lane) {
    const TraceEntry& entry = trace_[i];
    const auto open = open_.find(lane);
    if (open != open_.end() && entry.end_ns != 0) {
      End(open->second, entry.end_ns, true, i);
      open_.erase(open);
      return;
    }
    Lanes::Call call{lane, entry.begin_ns, entry.seen_blocked_ns, 0, false, i, i};
    if (entry.end_ns != 0) return End(call, entry.end_ns, true, i);
    if (open == open_.end()) open_.emplace(lane, call);
  }

  void End(Lanes::Call call, std::int64_t at, bool returned, std::size_t entry) {
    call.end = std::max(at, call.begin);
    if (call.seen_blocked > call.end) call.seen_blocked = call.end;
    call.returned = returned;
    call.ended_entry = entry;
    lanes_.calls.push_back(call);
  }

  // Of each wait that ended, the post that ended it: the last on the same object between when it was seen blocked and
  // when it returned; on another, where it is the only one.
  void FindPosters() {
    for (const Lanes::Call& waiter : lanes_.calls) {
      if (waiter.seen_blocked == 0 || !waiter.returned || trace_[waiter.ended_entry].outcome.starts_with("raises")) continue;
      const auto waits_on = MethodOf(trace_[waiter.entry].step);
      if (!waits_on) continue;
      const Lanes::Call* same = nullptr;
      const Lanes::Call* other = nullptr;
      std::size_t others = 0;
      for (const Lanes::Call& poster : lanes_.calls) {
        const auto posts = MethodOf(trace_[poster.entry].step);
        const bool fits = posts && Posts(posts->name) && poster.lane != waiter.lane && poster.returned &&
                          poster.begin >= waiter.seen_blocked && poster.begin <= waiter.end;
        if (!fits) continue;
        if (posts->object == waits_on->object) same = &poster;
        other = &poster;
        ++others;
      }
      const Lanes::Call* poster = same != nullptr ? same : others == 1 ? other : nullptr;
      if (poster != nullptr) lanes_.arrows.push_back({poster->lane, std::min(poster->end, waiter.end), waiter.lane, waiter.end, true});
    }
  }

  const std::vector<TraceEntry>& trace_;
  std::vector<std::int64_t> times_;
  std::int64_t over_ = 0;
  std::map<std::size_t, Lanes::Call> open_;      // by lane: has begun, and not yet returned
  std::map<std::size_t, std::size_t> process_of_;  // the lane of each thread's process
  Lanes lanes_;
};

}  // namespace

Lanes LanesOf(const std::vector<TraceEntry>& trace) { return Reading(trace).Read(); }

}  // namespace lockstep::reports
