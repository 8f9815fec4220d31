// SPDX-License-Identifier: MIT
#include "bench/history/store_cases.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <set>

#include "bench/history/store.h"
#include "bench/history/testing_sessions.h"
#include "harness/os/clock.h"

namespace lockstep::bench {
namespace {

std::unique_ptr<Store> Opened(const std::string& where) {
  auto store = Store::Open(where);
  EXPECT_TRUE(store) << (store ? "" : store.error().Text());
  return store ? std::move(*store) : nullptr;
}

std::vector<std::string> IdsOf(const std::vector<SessionRecord>& sessions) {
  std::vector<std::string> ids;
  ids.reserve(sessions.size());
  for (const SessionRecord& session : sessions) ids.push_back(session.id);
  return ids;
}

// Which of TestSession's an id is of.
SessionRecord Expected(const std::string& id) {
  return TestSession(std::stoi(id.substr(0, 16), nullptr, 16) - 1, std::stoi(id.substr(16), nullptr, 16) - 1);
}

// All that is there is whole, and all that was said to be stored is there.
void ExpectAllWhole(const std::string& where, const std::set<std::string>& said, std::size_t most) {
  const auto store = Opened(where);
  ASSERT_NE(store, nullptr);
  const auto sessions = store->Sessions();
  ASSERT_TRUE(sessions) << sessions.error().Text();
  EXPECT_LE(sessions->size(), most);
  std::set<std::string> found;
  for (const SessionRecord& session : *sessions) {
    EXPECT_TRUE(Same(session, Expected(session.id))) << session.id;
    found.insert(session.id);
  }
  for (const std::string& id : said) EXPECT_TRUE(found.contains(id)) << id << " was stored, and is gone";
}

// How long it takes here to open the store and to store a session, ns; 0 where that fails.
std::int64_t TimeToAdd(const std::string& where, const SessionRecord& session, std::set<std::string>* said) {
  const std::int64_t begin = MonotonicNs();
  const auto store = Opened(where);
  if (store == nullptr || !store->Add(session)) return 0;
  said->insert(session.id);
  return MonotonicNs() - begin;
}

void SpinFor(std::int64_t ns) {
  for (const std::int64_t end = MonotonicNs() + ns; MonotonicNs() < end;) {
  }
}

}  // namespace

void ExpectSessionsAreKeptAndFound(const std::string& where) {
  const auto store = Opened(where);
  ASSERT_NE(store, nullptr);
  SessionRecord late = TestSession(2, 7);
  const SessionRecord early = TestSession(0, 3);
  const SessionRecord other = TestSession(1, 1);
  for (const SessionRecord& session : {late, early, other}) {
    const auto added = store->Add(session);
    ASSERT_TRUE(added) << added.error().Text();
    EXPECT_TRUE(*added);
  }
  // The first of an id stays.
  SessionRecord changed = late;
  changed.label = "another";
  EXPECT_FALSE(store->Add(changed).value());

  const auto all = store->Sessions();
  ASSERT_TRUE(all) << all.error().Text();
  EXPECT_EQ(IdsOf(*all), (std::vector<std::string>{early.id, other.id, late.id}));
  EXPECT_TRUE(Same((*all)[0], early) && Same((*all)[1], other) && Same((*all)[2], late));
  EXPECT_EQ(IdsOf(store->Sessions("00000000000000aa").value()), (std::vector<std::string>{early.id, late.id}));
  EXPECT_TRUE(store->Sessions("00000000000000cc")->empty());

  const auto list = store->List();
  ASSERT_TRUE(list) << list.error().Text();
  ASSERT_EQ(list->size(), 3u);
  const SessionSummary& summary = (*list)[0];
  EXPECT_EQ(summary.id, early.id);
  EXPECT_EQ(summary.started, "2026-11-23T00:00:03Z");
  EXPECT_EQ(summary.label, "commit-3");
  EXPECT_EQ(summary.machine.facts, early.machine.facts);
  EXPECT_EQ(summary.implementations, (std::vector<std::string>{"raw", "reference"}));
  EXPECT_EQ(summary.series, 120u);
  EXPECT_EQ(store->List("00000000000000bb")->size(), 1u);

  const auto points = store->Points("00000000000000bb");
  ASSERT_TRUE(points) << points.error().Text();
  ASSERT_EQ(points->size(), 120u);
  const Point& point = points->back();
  EXPECT_EQ(point.session, other.id);
  EXPECT_EQ(point.started, other.started);
  EXPECT_EQ(point.label, other.label);
  EXPECT_EQ(point.fingerprint, "00000000000000bb");
  EXPECT_EQ(point.implementation + " " + point.version + " " + point.quantity + " " + point.unit, "reference 1 quantity/59 ns");
  EXPECT_EQ(point.count, 15);
  EXPECT_EQ(point.median, other.series[119].values[7]);
  EXPECT_EQ(point.median_ratio, 0.75 + 1.0 / 6);
  EXPECT_FALSE(points->front().median_ratio.has_value());

  EXPECT_TRUE(Same(store->Load(other.id).value(), other));
  EXPECT_TRUE(Same(store->Load(other.id.substr(0, 16)).value(), other));
  EXPECT_NE(store->Load("f").error().message.find(": there is no session f"), std::string::npos);
  EXPECT_NE(store->Load("000").error().message.find(": 3 sessions begin with 000: " + early.id), std::string::npos);
  EXPECT_EQ(store->Load("0%").error().message, "'0%' is not how an id begins: expected 1 to 32 hexadecimal digits");
}

void ExpectNothingThatNoFileHolds(const std::string& where) {
  const auto store = Opened(where);
  ASSERT_NE(store, nullptr);
  SessionRecord session = TestSession(0, 0);
  session.series[5].values[3] = std::nan("");
  EXPECT_FALSE(store->Add(session));
  session = TestSession(0, 0);
  session.id = "short";
  EXPECT_FALSE(store->Add(session));
  session = TestSession(0, 0);
  session.label = std::string("a\0b", 3);
  EXPECT_FALSE(store->Add(session));
  EXPECT_TRUE(store->List()->empty());
  session.label = "caf\xe9 'or' \"not\" $1 ü";
  ASSERT_TRUE(store->Add(session).value());
  EXPECT_EQ(store->List()->front().label, "caf\xef\xbf\xbd 'or' \"not\" $1 ü");
}

void ExpectManyWritersLoseNothing(const std::string& where) {
  constexpr int kWriters = 8;
  constexpr int kEach = 25;
  std::vector<std::unique_ptr<TestWriter>> writers;
  writers.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i) writers.push_back(std::make_unique<TestWriter>(where, i, kEach));
  std::set<std::string> said;
  for (const auto& writer : writers) {
    for (std::string id = writer->NextId(); !id.empty(); id = writer->NextId()) said.insert(id);
    EXPECT_EQ(writer->Wait(), 0);
  }
  EXPECT_EQ(said.size(), static_cast<std::size_t>(kWriters * kEach));
  ExpectAllWhole(where, said, said.size());
}

void ExpectKilledWritersLoseTheirOwnAtMost(const std::string& where, int times, const std::function<void()>& after_kill,
                                           const std::function<bool()>& is_whole) {
  constexpr int kMany = 1000;  // more than one stores before it is killed
  const char* given = std::getenv("LOCKSTEP_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  fmt::print("LOCKSTEP_TEST_SEED={}\n", seed);
  std::mt19937_64 random(seed);
  std::set<std::string> said;
  const std::int64_t longest_ns = TimeToAdd(where, TestSession(times, 0), &said);
  ASSERT_GT(longest_ns, 0);
  for (int i = 0; i < times && !::testing::Test::HasFailure(); ++i) {
    TestWriter writer(where, i, kMany);
    for (std::uint64_t wanted = random() % 3; wanted > 0; --wanted) said.insert(writer.NextId());
    SpinFor(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(longest_ns)));
    for (const std::string& id : writer.Kill()) said.insert(id);
    after_kill();
    ASSERT_FALSE(said.contains("")) << "a writer ended by itself";
    const auto kills = static_cast<std::size_t>(i) + 1;
    EXPECT_TRUE(kills % 20 != 0 || is_whole()) << "after " << kills;
    // What was stored as its writer was killed may be there unsaid. To look at all each time would take time in square.
    if (kills % 100 == 0 || i + 1 == times) ExpectAllWhole(where, said, said.size() + kills);
  }
  fmt::print("{} sessions were said to be stored\n", said.size());
}

const std::vector<std::string>& StoreOfVersion1() {
  static const std::vector<std::string> statements = {
      "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, says TEXT NOT NULL)",
      "CREATE TABLE session (id TEXT NOT NULL PRIMARY KEY, started TEXT NOT NULL, lockstep TEXT NOT NULL, command TEXT NOT NULL,"
      " fingerprint TEXT NOT NULL, facts_json TEXT NOT NULL)",
      "CREATE TABLE series (session TEXT NOT NULL REFERENCES session (id), place BIGINT NOT NULL, implementation TEXT NOT NULL,"
      " version TEXT NOT NULL, quantity TEXT NOT NULL, unit TEXT NOT NULL, more_is_better BIGINT NOT NULL, n BIGINT NOT NULL,"
      " median DOUBLE PRECISION, median_ratio DOUBLE PRECISION, samples_n BIGINT NOT NULL, p50_ns DOUBLE PRECISION,"
      " p90_ns DOUBLE PRECISION, p99_ns DOUBLE PRECISION, p999_ns DOUBLE PRECISION, values_json TEXT NOT NULL,"
      " ratios_json TEXT NOT NULL, samples_json TEXT NOT NULL, PRIMARY KEY (session, place))",
      "INSERT INTO schema_version VALUES (1, 'sessions and their series')",
      "INSERT INTO session VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '2026-11-22T00:00:00Z', '0.1.0', './lockstep bench',"
      " '00000000000000aa', '{\"cpu\":\"x\"}')",
      "INSERT INTO series VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 0, 'raw', '1', 'free/recursive', 'ns', 0, 3, 11.25, NULL,"
      " 0, NULL, NULL, NULL, NULL, '[11.25,11.5,11.0]', '[]', '[]')",
  };
  return statements;
}

void ExpectTheSessionOfVersion1(const std::string& where) {
  const auto store = Opened(where);
  ASSERT_NE(store, nullptr);
  const auto session = store->Load("aaaa");
  ASSERT_TRUE(session) << session.error().Text();
  EXPECT_EQ(session->started, "2026-11-22T00:00:00Z");
  EXPECT_EQ(session->label, "");
  EXPECT_EQ(session->machine.facts.at("cpu"), "x");
  ASSERT_EQ(session->series.size(), 1u);
  EXPECT_EQ(session->series[0].values, (std::vector<double>{11.25, 11.5, 11.0}));
  ASSERT_TRUE(store->Add(TestSession(0, 0)).value());
  EXPECT_EQ(store->List()->back().label, "commit-0");
}

}  // namespace lockstep::bench
