/// What ranks tell each other about waits that take too long; five numbers.
struct StallMessage {
  enum Kind: Int64 {
    /// To rank 0: this rank has waited for too long.
    case waits = 1
    /// To rank 0: the wait that was announced has ended.
    case goesOn
    /// From rank 0: who is there?
    case question
    /// To rank 0: this one, doing this.
    case answer
  }

  static let wordCount = 5
  let kind: Kind
  /// Which question is asked or answered; 0 in the other kinds.
  let number: Int64
  let report: WaitReport

  init(_ kind: Kind, number: Int64 = 0, report: WaitReport = WaitReport(wait: nil, waited: 0)) {
    self.kind = kind
    self.number = number
    self.report = report
  }

  /// The message in these words; `nil` if there is none.
  init?(_ words: [Int64]) {
    guard words.count == Self.wordCount, let kind = Kind(rawValue: words[0]) else { return nil }
    let wait = WaitingCall(rawValue: words[2]).map { call in
      Wait(call: call, peer: words[3] < 0 ? nil : Int(words[3]))
    }
    self.init(kind, number: words[1], report: WaitReport(wait: wait, waited: UInt64(clamping: words[4])))
  }

  var words: [Int64] {
    [
      kind.rawValue, number, report.wait?.call.rawValue ?? 0, Int64(report.wait?.peer ?? -1),
      Int64(clamping: report.waited),
    ]
  }
}
