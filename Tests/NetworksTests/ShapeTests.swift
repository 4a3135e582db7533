import Networks
import Testing

@Suite struct ShapeTests {}
