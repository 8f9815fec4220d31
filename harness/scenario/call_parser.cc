// SPDX-License-Identifier: MIT
#include "harness/scenario/call_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "harness/scenario/words.h"

namespace lockstep::transcript {
namespace {

std::vector<std::string> OperationNames(bool methods) {
  std::vector<std::string> names;
  for (const Operation& operation : Operations()) {
    if (operation.is_method() == methods) names.push_back(operation.name);
  }
  return names;
}

class CallParser {
 public:
  CallParser(Lexer* lexer, const Names& names) : lexer_(*lexer), names_(names) {}

  Call Parse() {
    Call call;
    call.position = lexer_.line().At(lexer_.offset());
    Lexer ahead = lexer_;
    if (ahead.Take().kind == Token::Kind::kName && ahead.Peek().Is("=")) {
      const Token as = lexer_.Take();
      lexer_.Take();
      call.as = std::string(as.text);
      if (!IsFreeName(call.as)) {
        lexer_.FailAt(as.begin,
                      fmt::format("'{}' is reserved; keep this under another name", call.as));
      }
    }
    const Token first = lexer_.Take();
    if (first.kind != Token::Kind::kName) {
      lexer_.FailAt(first.begin, fmt::format("expected a call, {}", FoundToken(first)));
    } else if (first.text == "del") {
      ParseDel(&call);
    } else if (lexer_.Peek().Is("(")) {
      ParseFunction(std::string(first.text), first.begin, &call);
    } else if (lexer_.Peek().Is(".")) {
      ParseDotted(first, &call);
    } else {
      FailAtWord(first);
    }
    return call;
  }

 private:
  static std::string FoundToken(const Token& token) {
    if (token.kind == Token::Kind::kEnd) return "found the end of the line";
    return fmt::format("found '{}'", token.text);
  }

  void FailAtWord(const Token& word) {
    std::vector<std::string> candidates = StepWords();
    for (const std::string& name : OperationNames(false)) candidates.push_back(name);
    lexer_.FailAt(word.begin,
                  fmt::format("'{}' is no step and no call; expected a call as in "
                              "'s.acquire()', or one of: fork, thread, spawn, on, hammer, "
                              "returns, raises, still blocked, handled, died, exited{}",
                              word.text, DidYouMean(word.text, candidates)));
  }

  void ParseDel(Call* call) {
    const Token object = lexer_.Take();
    if (object.kind != Token::Kind::kName) {
      lexer_.FailAt(object.begin, "expected an object after 'del'");
    }
    if (!call->as.empty()) lexer_.FailAt(object.begin, "'del' has no result to keep");
    call->object = std::string(object.text);
    call->operation = "del";
  }

  void ParseFunction(const std::string& name, std::size_t offset, Call* call) {
    const Operation* operation = FindOperation(name);
    if (operation == nullptr) {
      lexer_.FailAt(offset, fmt::format("unknown operation '{}'{}", name,
                                        DidYouMean(name, OperationNames(false))));
      return;
    }
    if (operation->is_method()) {
      lexer_.FailAt(offset, fmt::format("'{0}' is done on an object: 's.{0}(...)'", name));
      return;
    }
    call->operation = name;
    ParseArguments(call);
    const bool one_int = call->args.size() == 1 && call->kwargs.empty() &&
                         call->args[0].value.If<std::int64_t>() != nullptr;
    if (name == "exit" && !one_int) lexer_.FailAt(offset, "expected a status, as in 'exit(3)'");
  }

  void ParseDotted(const Token& first, Call* call) {
    lexer_.Take();
    const Token second = lexer_.Take();
    const std::string name(second.text);
    if (second.kind != Token::Kind::kName) {
      lexer_.FailAt(second.begin,
                    fmt::format("expected an operation or an attribute of '{}' after the "
                                "dot, {}",
                                first.text, FoundToken(second)));
      return;
    }
    if (const Operation* type = FindOperation(first.text); type != nullptr && type->makes && !type->is_method()) {
      ParseFunction(std::string(first.text) + "." + name, first.begin, call);
      return;
    }
    call->object = std::string(first.text);
    if (names_.actors.count(call->object) != 0 && names_.kept.count(call->object) == 0) {
      lexer_.FailAt(
          first.begin,
          fmt::format("'{0}' is an actor; an actor calls its own objects only: '{0} {1}...'",
                      first.text, name));
    } else if (!IsFreeName(call->object)) {
      lexer_.FailAt(first.begin, fmt::format("'{}' is not an object", first.text));
    } else if (lexer_.Peek().Is("(")) {
      ParseMethod(second, call);
    } else if (name == "buf") {
      ParseSlice(call);
    } else if (lexer_.Peek().Is(".")) {
      lexer_.Fail(fmt::format("expected the end of the call after '{}.{}'", first.text, name));
    } else {
      call->operation = "get";
      call->args.push_back(Expr{});
      call->args.back().value = Value(name);
      call->args.back().position = lexer_.line().At(second.begin);
    }
  }

  void ParseMethod(const Token& name, Call* call) {
    const Operation* operation = FindOperation(name.text);
    const bool written_otherwise =
        name.text == "get" || name.text == "read" || name.text == "write" || name.text == "del";
    if (operation == nullptr || !operation->is_method() || written_otherwise) {
      std::string hint = DidYouMean(name.text, OperationNames(true));
      if (name.text == "get") hint = "; an attribute is written 's.kind'";
      if (name.text == "read") hint = "; reading is written 'm.buf[0:4]'";
      if (name.text == "write") hint = "; writing is written 'm.buf[0:4] = b'abcd''";
      if (name.text == "del") hint = "; it is written 'del s'";
      lexer_.FailAt(name.begin, fmt::format("unknown operation '{}'{}", name.text, hint));
      return;
    }
    call->operation = std::string(name.text);
    ParseArguments(call);
  }

  // `m.buf[a:b]` and `m.buf[a:b] = bytes`, after `buf`.
  void ParseSlice(Call* call) {
    const std::size_t begin = lexer_.offset();
    ExpressionParser expressions(&lexer_, &names_);
    if (!lexer_.Accept("[")) {
      lexer_.FailAt(begin, "expected a slice, as in 'm.buf[0:4]'");
      return;
    }
    Expr start = expressions.ParseExpr();
    if (!lexer_.Accept(":")) lexer_.Fail("expected ':' and the end of a slice, as in 'm.buf[0:4]'");
    Expr stop = expressions.ParseExpr();
    if (!lexer_.Accept("]")) lexer_.Fail(fmt::format("expected ']', {}", lexer_.Found()));
    call->operation = "read";
    call->args = {std::move(start), std::move(stop)};
    if (!lexer_.Accept("=")) return;
    const std::size_t at = lexer_.offset();
    Expr data = expressions.ParseExpr();
    if (lexer_.mistakes()->any()) return;
    const auto* from = call->args[0].value.If<std::int64_t>();
    const auto* to = call->args[1].value.If<std::int64_t>();
    const auto* bytes = data.value.If<Bytes>();
    if (bytes == nullptr || from == nullptr || to == nullptr) {
      lexer_.FailAt(at, "expected bytes for a slice of two integers, as in 'm.buf[0:4] = b'abcd''");
    } else if (*to - *from != static_cast<std::int64_t>(bytes->data.size())) {
      lexer_.FailAt(at, fmt::format("{} bytes for a slice of {}; a slice keeps its size",
                                    bytes->data.size(), *to - *from));
    } else if (!call->as.empty()) {
      lexer_.FailAt(begin, "writing has no result to keep");
    }
    call->operation = "write";
    call->args[1] = std::move(data);
  }

  void ParseArguments(Call* call) {
    if (!lexer_.Accept("(")) {
      lexer_.Fail(fmt::format("expected '(' and arguments, {}", lexer_.Found()));
      return;
    }
    ExpressionParser expressions(&lexer_, &names_);
    while (!lexer_.Peek().Is(")") && !lexer_.mistakes()->any()) {
      Lexer ahead = lexer_;
      const bool keyword = ahead.Take().kind == Token::Kind::kName && ahead.Peek().Is("=");
      if (keyword) {
        const Token key = lexer_.Take();
        lexer_.Take();
        std::string name(key.text);
        for (const auto& other : call->kwargs) {
          if (other.first == name) {
            lexer_.FailAt(key.begin, fmt::format("the argument '{}' is given twice", name));
          }
        }
        call->kwargs.emplace_back(std::move(name), expressions.ParseExpr());
      } else {
        if (!call->kwargs.empty())
          lexer_.Fail("an argument without a name follows one with a name");
        call->args.push_back(expressions.ParseExpr());
      }
      if (!lexer_.Accept(",")) break;
    }
    if (!lexer_.Accept(")")) lexer_.Fail(fmt::format("expected ',' or ')', {}", lexer_.Found()));
  }

  Lexer& lexer_;
  const Names& names_;
};

}  // namespace

Call ParseCall(Lexer* lexer, const Names& names) { return CallParser(lexer, names).Parse(); }

std::string ParseSignalName(Lexer* lexer) {
  const Token token = lexer->Take();
  std::string name(token.text);
  if (token.kind != Token::Kind::kName) {
    lexer->FailAt(token.begin, "expected a signal, as in 'SIGUSR1'");
  } else if (!Contains(SignalNames(), name)) {
    lexer->FailAt(token.begin,
                  fmt::format("unknown signal '{}'{}", name, DidYouMean(name, SignalNames())));
  }
  return name;
}

std::string ParseExceptionName(Lexer* lexer) {
  const Token token = lexer->Take();
  std::string name(token.text);
  if (token.kind != Token::Kind::kName) {
    lexer->FailAt(token.begin, "expected a type of exception, as in 'ValueError'");
  } else if (FindException(name) == nullptr) {
    lexer->FailAt(token.begin, fmt::format("unknown exception '{}'{}", name,
                                           DidYouMean(name, ExceptionNames())));
  }
  return name;
}

}  // namespace lockstep::transcript
