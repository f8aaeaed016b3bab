namespace ProxyCluster.TestKit.Processes;

/// <summary>
/// A tool or package that a test stands on is not on this machine. A test that meets it fails, with what to do about it:
/// leaving tests out is decided before the run (tests/run), where it is also said aloud, never by a test itself.
/// </summary>
public sealed class ToolMissingException(string what, Exception? inner = null)
    : Exception($"{what}. infra/test-prerequisites installs what the tests need.", inner);
