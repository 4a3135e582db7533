import Testing

@testable import OpenMPI

struct StallReportTests {
  static let second: UInt64 = 1_000_000_000

  @Test
  func `names silent ranks with their hosts, and puts together those that wait alike`() {
    let barrier = WaitReport(wait: Wait(call: .barrier), waited: 602 * Self.second + 5)
    let probe = WaitReport(wait: Wait(call: .probe, peer: 4), waited: 7 * Self.second)
    let send = WaitReport(wait: Wait(call: .send, peer: 0), waited: 1)
    let busy = WaitReport(wait: nil, waited: 0)
    let report = StallReport(
      silent: [3, 6], answers: [0: barrier, 1: barrier, 2: barrier, 4: busy, 5: probe, 7: barrier, 8: send],
      hostNames: [3: "north"])
    #expect(
      report.text == "stalled for 602 s: rank 3 (north) and rank 6 (unknown host) do not answer; "
        + "ranks 0-2, 7 wait in MPI_Ibarrier; rank 4 does not wait; rank 5 waits in MPI_Iprobe from rank 4; "
        + "rank 8 waits in MPI_Isend to rank 0")
  }

  @Test
  func `stays short in a job of 4096 ranks`() {
    let silent = Array(stride(from: 1, to: 4096, by: 2))
    let answers = stride(from: 0, to: 4096, by: 2).map { rank in
      (rank, WaitReport(wait: Wait(call: .receive, peer: rank % 64), waited: Self.second))
    }
    let report = StallReport(
      silent: silent, answers: Dictionary(uniqueKeysWithValues: answers),
      hostNames: Dictionary(uniqueKeysWithValues: (0..<4096).map { ($0, "node\($0)") }))
    #expect(report.text.hasPrefix("stalled for 1 s: rank 1 (node1), rank 3 (node3), "))
    #expect(report.text.contains(", rank 15 (node15) and 2040 more do not answer; "))
    #expect(report.text.contains("; ranks 0, 64, 128, 192, 256, 320, 384, 448, 56 more wait in MPI_Irecv from rank 0;"))
    #expect(report.text.hasSuffix("; others wait in 24 other ways"))
    #expect(report.text.count < 1200)
  }

  @Test(arguments: [nil, Wait(call: .barrier), Wait(call: .receive, peer: 0), Wait(call: .finalize, peer: 4095)])
  func `a message says what it was made of`(wait: Wait?) throws {
    let sent = StallMessage(.answer, number: 7, report: WaitReport(wait: wait, waited: 12_345_678_901))
    let arrived = try #require(StallMessage(sent.words))
    #expect(sent.words.count == StallMessage.wordCount)
    #expect(arrived.kind == .answer)
    #expect(arrived.number == 7)
    #expect(arrived.report.wait == wait)
    #expect(arrived.report.waited == 12_345_678_901)
  }

  @Test(arguments: [[], [1, 0, 0, 0], [9, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
  func `is no message of any other words`(words: [Int64]) {
    #expect(StallMessage(words) == nil)
  }
}
