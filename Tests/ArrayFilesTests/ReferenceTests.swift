import Foundation
import Testing

@testable import ArrayFiles

enum ReferenceData {
  /// `shared/reference` beside the checkout that this file belongs to.
  static let folder: String? = {
    var place = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    repeat {
      place.deleteLastPathComponent()
      guard place.path != "/" else { return nil }
    } while !FileManager.default.fileExists(atPath: place.appendingPathComponent("Package.swift").path)
    let folder = place.deletingLastPathComponent().appendingPathComponent("shared/reference").path
    guard FileManager.default.fileExists(atPath: folder) else {
      print("skipped: there are no reference data at ../shared/reference")
      return nil
    }
    return folder
  }()
}

/// The project's reference data, which NumPy wrote.
@Suite(.enabled(if: ReferenceData.folder != nil, "the reference data are not beside the checkout"))
struct ReferenceTests {
  private let data: String
  private let models: String

  init() throws {
    let folder = try #require(ReferenceData.folder)
    data = "\(folder)/data"
    models = "\(folder)/models"
  }

  @Test func `the stored archive holds the arrays of the single files`() throws {
    let images = try ArrayFile.open("\(data)/calib.npz", member: "images")
    #expect(images.shape == [512, 1, 28, 28])
    #expect(images.elementType == .float32)
    let single = try ArrayFile.open("\(data)/calib_images.npy")
    try expectSame(images.floats(), single.floats())
    try expectSame(images.floats(in: 100..<132), single.floats(in: 100..<132))
    let labels = try ArrayFile.open("\(data)/calib.npz", member: "labels").int64s()
    #expect(try labels == ArrayFile.open("\(data)/calib_labels.npy").int64s())
    // README of the reference data: 51 or 52 of each of ten classes.
    let counts = labels.reduce(into: [Int](repeating: 0, count: 10)) { $0[Int($1)] += 1 }
    #expect(counts.allSatisfy { $0 == 51 || $0 == 52 })
  }

  @Test func `the deflated archive is read, and its images are normalised bytes`() throws {
    let images = try ArrayFile.open("\(data)/eval.npz", member: "images")
    #expect(images.shape == [2000, 1, 28, 28])
    // Normalised by (x/255 − 0.2860)/0.3530 in float32, so undoing it gives whole numbers up to float32 rounding: 1e-3.
    let pixels = try images.doubles().map { ($0 * 0.3530 + 0.2860) * 255 }
    #expect(pixels.allSatisfy { abs($0 - $0.rounded()) < 1e-3 && (-0.5..<255.5).contains($0) })
    #expect(try images.floats(in: 1999..<2000) == Array(images.floats().suffix(784)))
    #expect(try ArrayFile.open("\(data)/eval.npz", member: "labels").int64s().allSatisfy { (0..<10).contains($0) })
  }

  @Test(arguments: ["vgg_small", "resnet20", "mobilenetv2_small"], ["folded", "bn"])
  func `every array of a golden archive is read and its checksum is right`(_ model: String, _ form: String) throws {
    let archive = try NumPyArchive("\(models)/\(model)/\(model).\(form).golden.npz")
    #expect(archive.names.count > 200)
    for name in archive.names {
      let array = try archive.array(named: name)
      #expect(try array.doubles().count == array.shape.reduce(1, *))
    }
    // Sum over the 16 batches of one name against its stated reduction.
    let batches = try archive.array(named: "L000.A_post")
    let means = try archive.array(named: "L000.A_post.mean_abs").doubles()
    let values = try batches.doubles()
    #expect(batches.shape == [16, means.count])
    for channel in means.indices {
      let mean = (0..<16).reduce(0) { $0 + abs(values[$1 * means.count + channel]) } / 16
      #expect(abs(mean - means[channel]) <= 1e-14 * abs(mean))  // a sum of 16 terms in another order
    }
  }
}
