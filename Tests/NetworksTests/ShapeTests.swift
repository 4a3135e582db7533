import Networks
import Testing

/// Extents, strides and broadcasting.
struct ShapeTests {
  @Test func `negative extents and products beyond an Int are no shape`() {
    #expect(Shape(checking: [2, -1]) == nil)
    #expect(Shape(checking: [Int.max, 2]) == nil)
    #expect(Shape(checking: [Int.max, 2, 0]) == nil)
    #expect(Shape(checking: [0, Int.max, 2]) == nil)
    #expect(Shape(checking: [])?.count == 1)
    #expect(Shape(checking: [3, 0])?.count == 0)
  }

  @Test func `row-major strides step over what lies behind`() {
    #expect(Shape([2, 3, 4]).rowMajorStrides == [12, 4, 1])
    #expect(Shape([]).rowMajorStrides == [])
  }

  @Test(arguments: [
    ([2, 3], [3], [2, 3]), ([2, 1, 4], [3, 1], [2, 3, 4]), ([], [5], [5]), ([1], [0], [0]),
  ])
  func `broadcasting aligns the last axes and stretches ones`(_ law: ([Int], [Int], [Int])) {
    #expect(Shape(law.0).broadcast(with: Shape(law.1)) == Shape(law.2))
    #expect(Shape(law.1).broadcast(with: Shape(law.0)) == Shape(law.2))
  }

  @Test func `other extents do not broadcast`() {
    #expect(Shape([2, 3]).broadcast(with: Shape([2])) == nil)
    #expect(Shape([4, 3]).broadcast(with: Shape([2, 3])) == nil)
  }
}
