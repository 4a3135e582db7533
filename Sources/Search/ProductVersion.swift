/// The version of the program. Everything that names one takes it from here: `--version`, `run.json`, the keys of a
/// checkpoint, and through `--version` what is installed and packaged.
public enum ProductVersion {
  /// Major, minor and patch as in Semantic Versioning, the same as of the first entry of `CHANGELOG.md`.
  public static let text = "0.1.0"
}
