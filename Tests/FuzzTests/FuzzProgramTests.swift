import Foundation
import ProgramRuns
import Testing

/// `fuzz` notices every kind of failure of a reader, names it, and can have it again.
///
/// One after the other: each waits for processes, and would keep a thread of all tests from its work.
@Suite(.serialized)
struct FuzzProgramTests {
  @Test(
    .timeLimit(.minutes(30)),
    arguments: [
      ("planted-trap", "a trap"), ("planted-hang", "more than 1 s of processor time"), ("planted-memory", "signal 6"),
    ])
  func `a reader that fails is named with the cause, the input and how to have it again`(
    _ reader: String, cause: String
  ) throws {
    let folder = try TemporaryFolder()
    let run = try ProgramRun(
      "fuzz", ["run", "--reader", reader, "--seed", "7", "--limit", "1", "--out", folder.path])
    #expect(run.exitCode == 1)
    let line = try #require(run.output.split(separator: "\n").first { $0.contains("FAILED at input") }, "\(run.output)")
    #expect(line.contains(cause), "\(line)")
    let words = line.split(separator: " ")
    let number = try #require(words.firstIndex(of: "input").map { words[$0 + 1].prefix { $0.isNumber } })
    #expect(run.output.contains("scripts/fuzz --reader \(reader) --seed 7 --index \(number)"))
    // The saved input is the one that the number stands for, whoever makes it.
    let again = try ProgramRun(
      "fuzz", ["input", "--reader", reader, "--seed", "7", "--index", "\(number)", "--out", folder.path + "/again"])
    #expect(again.exitCode == 0)
    #expect(try folder.contents(of: "again") == folder.contents(of: "\(reader)-7-\(number)"))
  }

  @Test(.timeLimit(.minutes(30)))
  func `every reader accepts what it is given undamaged`() throws {
    let folder = try TemporaryFolder()
    let run = try ProgramRun("fuzz", ["run", "--count", "1", "--out", folder.path])
    #expect(run.exitCode == 0, "\(run.output)")
    let lines = run.output.split(separator: "\n").dropFirst()
    #expect(lines.count > 15)
    for line in lines { #expect(line.contains(" 1 inputs, 1 accepted"), "\(line)") }
  }

  @Test(.timeLimit(.minutes(30)))
  func `a sound reader is run to the end`() throws {
    let folder = try TemporaryFolder()
    let run = try ProgramRun("fuzz", ["run", "--reader", "planted-nothing", "--count", "500", "--out", folder.path])
    #expect(run.exitCode == 0)
    #expect(run.output.contains("500 inputs, 500 accepted"))
  }
}
