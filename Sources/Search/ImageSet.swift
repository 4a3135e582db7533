import Configuration
import Images

import Glibc

/// The image files that feed one input of the network, in the order of their listing.
struct ImageSet: Sendable {
  /// The folder or the list, as it is opened.
  let source: String
  /// Likewise, as the configuration has it.
  let text: String
  /// By image its path from the folder, or from that of the list.
  let names: [String]
  /// By image its class; `nil` where nothing says it.
  let classes: [Int]?
  /// The folders of the classes, in the order of their numbers; `nil` where there are none.
  let folders: [String]?
  /// The content of the list; `nil` for a folder.
  let list: [UInt8]?
  /// By image its line in the list, from 1 on; empty for a folder.
  private let lines: [Int]

  /// More images are refused, before they take all memory.
  static let mostImages = 1 << 24

  /// Finds the images of a folder or a list.
  /// - Throws: what is wrong with it; no image is opened.
  init(_ reference: FileReference) throws {
    source = reference.path
    text = reference.text
    var status = stat()
    guard stat(source, &status) == 0 else {
      throw SearchError(.cannotBeRead, file: source, "cannot be read: \(FileHandleReader.lastError)")
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      let found = try ImageFolder(source)
      (names, classes, folders, list, lines) = (found.names, found.classes, found.folders, nil, [])
    } else {
      let bytes = try FileHandleReader.contents(of: source, limit: ImageList.byteLimit)
      let found = try ImageList(bytes, file: source)
      (names, classes, folders, list, lines) = (found.names, found.classes, nil, bytes, found.lines)
    }
  }

  /// The line that names an image; `nil` in a folder.
  func line(of index: Int) -> Int? { lines.isEmpty ? nil : lines[index] }

  /// The file of an image.
  func path(_ index: Int) -> String { joined(source, index) }

  /// An image as `bad_images` names it: its path from the configuration's directory.
  func label(_ index: Int) -> String { joined(text, index) }

  private func joined(_ source: String, _ index: Int) -> String {
    let name = names[index]
    guard list != nil else { return source.hasSuffix("/") ? source + name : "\(source)/\(name)" }
    guard !name.hasPrefix("/"), let slash = source.utf8.lastIndex(of: UInt8(ascii: "/")) else { return name }
    return source[...slash] + name
  }
}

/// A folder of images: one folder for each class, or images alone.
private struct ImageFolder {
  private(set) var names: [String] = []
  private(set) var classes: [Int]?
  private(set) var folders: [String]?
  private let root: String

  /// Names of images end in one of these; those that are neither JPEG nor PNG are bad images, not overlooked ones.
  private static let endings = [".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".tif", ".tiff", ".webp"]
  /// Folders in each other below a class.
  private static let mostLevels = 16

  init(_ path: String) throws {
    root = path
    let (files, folders) = try Self.entries(path)
    guard !folders.isEmpty else {
      names = files
      guard !names.isEmpty else {
        throw SearchError(
          .badContent, file: path, "expected a folder for each class, or images (\(Self.examples)), found neither")
      }
      return
    }
    if let image = files.first {
      throw SearchError(
        .badContent, file: path,
        "holds folders and the image \(image): expected a folder for each class, or images alone")
    }
    var classes: [Int] = []
    for (number, folder) in folders.enumerated() {
      let before = names.count
      try add(folder, level: 1, above: [])
      guard names.count > before else {
        throw SearchError(
          .badContent, file: "\(path)/\(folder)", "holds no images (\(Self.examples)), expected those of one class")
      }
      classes += [Int](repeating: number, count: names.count - before)
    }
    (self.classes, self.folders) = (classes, folders)
  }

  private static let examples = "names that end in .jpg, .jpeg or .png"

  /// The images of a folder, then those of its folders.
  /// - Parameter above: the folders that this one lies in, by device and number: a link may lead back to one.
  private mutating func add(_ folder: String, level: Int, above: [[UInt64]]) throws {
    let path = "\(root)/\(folder)"
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw SearchError(.cannotBeRead, file: path, "cannot be read: \(FileHandleReader.lastError)")
    }
    let identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
    guard level <= Self.mostLevels, !above.contains(identity) else {
      throw SearchError(
        .badContent, file: path,
        level > Self.mostLevels
          ? "lies deeper than \(Self.mostLevels) folders" : "leads back to a folder that it lies in")
    }
    let (files, folders) = try Self.entries(path)
    names += files.map { "\(folder)/\($0)" }
    guard names.count <= ImageSet.mostImages else {
      throw SearchError(.badContent, file: root, "holds more than \(ImageSet.mostImages) images")
    }
    for inner in folders { try add("\(folder)/\(inner)", level: level + 1, above: above + [identity]) }
  }

  /// The images and the folders in a folder, each in the order of their names' bytes; hidden ones are left out.
  private static func entries(_ path: String) throws -> (images: [String], folders: [String]) {
    guard let stream = opendir(path) else {
      throw SearchError(.cannotBeRead, file: path, "cannot be read: \(FileHandleReader.lastError)")
    }
    defer { closedir(stream) }
    var (images, folders): ([String], [String]) = ([], [])
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else {
          throw SearchError(.cannotBeRead, file: path, "cannot be read: \(FileHandleReader.lastError)")
        }
        break
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      guard let name else {
        throw SearchError(.badContent, file: path, "holds a name that is no UTF-8")
      }
      guard !name.hasPrefix(".") else { continue }
      let isImage = endings.contains(where: name.lowercased().hasSuffix)
      if try isFolder(entry.pointee.d_type, "\(path)/\(name)", isImage: isImage) {
        folders.append(name)
      } else if isImage {
        images.append(name)
      }
    }
    func isBefore(_ one: String, _ other: String) -> Bool { one.utf8.lexicographicallyPrecedes(other.utf8) }
    return (images.sorted(by: isBefore), folders.sorted(by: isBefore))
  }

  /// - Parameter isImage: whether it is called like one; a link to nowhere that is not is none of ours.
  private static func isFolder(_ type: UInt8, _ path: String, isImage: Bool) throws -> Bool {
    if Int(type) == Int(DT_DIR) { return true }
    guard Int(type) == Int(DT_LNK) || Int(type) == Int(DT_UNKNOWN) else { return false }
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard isImage || errno != ENOENT else { return false }
      throw SearchError(.cannotBeRead, file: path, "cannot be read: \(FileHandleReader.lastError)")
    }
    return status.st_mode & S_IFMT == S_IFDIR
  }
}

/// A file that lists images, one a line: a path, and behind a blank the number of its class.
package struct ImageList {
  /// The paths.
  private(set) var names: [String] = []
  /// By path its class; `nil` where the list says none.
  private(set) var classes: [Int]?
  /// By path its line, from 1 on.
  private(set) var lines: [Int] = []

  /// A larger file is no list.
  static let byteLimit = 1 << 30

  /// Reads a list.
  ///
  /// Paths start from the list's folder, and may have blanks; a last word of digits is a class. All lines have one, or none.
  package init(_ bytes: [UInt8], file: String) throws {
    func wrong(_ line: Int, _ problem: String) -> SearchError {
      SearchError(.badContent, file: file, "line \(line): \(problem)")
    }
    if let kind = Self.kind(bytes) { throw SearchError(.badContent, file: file, kind) }
    var classes: [Int] = []
    var rest = bytes[...]
    if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
    for (number, content) in rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      guard let text = String(validating: content, as: UTF8.self), !text.utf8.contains(0) else {
        throw wrong(number + 1, "expected a path of an image, found bytes that are no text")
      }
      let blanks: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
      let line = text.drop(while: blanks).trimmingSuffix(while: blanks)
      guard !line.isEmpty else { continue }
      guard names.count < ImageSet.mostImages else {
        throw wrong(number + 1, "more than \(ImageSet.mostImages) images")
      }
      var name = line
      var label: Int?
      if let blank = line.lastIndex(where: blanks) {
        let word = line[line.index(after: blank)...]
        if word.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
          guard let value = Int(word) else { throw wrong(number + 1, "\(word) is too large for a class") }
          label = value
          name = line[..<blank].trimmingSuffix(while: blanks)
        }
      }
      guard names.isEmpty || (label == nil) == classes.isEmpty else {
        throw wrong(
          number + 1,
          label == nil
            ? "expected a class behind the path, as in the lines before, found none"
            : "has the class \(label ?? 0), the lines before have none")
      }
      names.append(String(name))
      lines.append(number + 1)
      if let label { classes.append(label) }
    }
    guard !names.isEmpty else {
      throw SearchError(.badContent, file: file, "expected lines with the path of an image and its class, found none")
    }
    self.classes = classes.isEmpty ? nil : classes
  }
}

extension ImageList {
  /// What is wrong with content that is known to be no list.
  private static func kind(_ bytes: [UInt8]) -> String? {
    let arrays: [[UInt8]] = [[0x93] + Array("NUMPY".utf8), [0x50, 0x4B, 3, 4], [0x1F, 0x8B]]
    if arrays.contains(where: bytes.starts) {
      return "is an array or an archive, expected a folder of images or a list of them; arrays are given as \"inputs\""
    }
    if (try? ImageDecoder.header(bytes)) != nil {
      return "is an image, expected a folder of images or a list of them"
    }
    return nil
  }
}

extension Substring {
  /// What is left without the last characters as long as they have a property.
  fileprivate func trimmingSuffix(while drops: (Character) -> Bool) -> Substring {
    var end = endIndex
    while end > startIndex, drops(self[index(before: end)]) { end = index(before: end) }
    return self[..<end]
  }
}
