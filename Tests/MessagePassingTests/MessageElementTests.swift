import Testing

@testable import MessagePassing

struct MessageElementTests {
  struct Complaint: Error {}

  @Test(arguments: [0, 1, 5])
  func `elements are what was written`(_ count: Int) {
    let found = Double.filled(count) { buffer in
      for place in buffer.indices { buffer[place] = Double(place) + 0.5 }
    }
    #expect(found == (0..<count).map { Double($0) + 0.5 })
    #expect(Int32.zeros(count) == [Int32](repeating: 0, count: count))
  }

  @Test(arguments: [0, 3])
  func `who cannot write them is heard`(_ count: Int) {
    #expect(throws: Complaint.self) {
      try Float.filled(count) { _ throws(Complaint) in throw Complaint() }
    }
  }
}
