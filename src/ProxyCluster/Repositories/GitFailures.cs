using ProxyCluster.Credentials;
using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Repositories;

/// <summary>
/// What git's words come to when a command to a repository has failed. Git has no other way to tell, so the words are those
/// of its C locale; what nobody knows is an outage, never absence (design rule 4).
/// </summary>
internal static class GitFailures
{
    // Of curl and of ssh.
    private static readonly string[] Unreachable =
        ["Could not resolve host", "Failed to connect to", "Couldn't connect to server", "Could not connect to server", "ssh: connect to host "];

    private static readonly string[] Telling = ["ssh: connect to host ", "ssh: Could not resolve hostname ", "Permission denied (", "Host key verification failed", "terminal prompts disabled"];

    /// <summary>The failure of a command.</summary>
    public static Failure Of(string url, ProgramResult result)
    {
        var isMoved = Has("unable to update url base from redirection") || Has("returned error: 301") || Has("returned error: 302")
            || Has("returned error: 307") || Has("returned error: 308");
        var kind = Has("terminal prompts disabled") || Has("Authentication failed") || Has("Permission denied (") || Has("returned error: 403")
            || Has("returned error: 401") || Has("Host key verification failed")
            ? FailureKind.Blocked
            : Has("not allowed") ? FailureKind.Blocked
            : result.SaysNoSpace ? FailureKind.StoreUnavailable
            : isMoved ? FailureKind.UpstreamInvalid
            : Has("File too large") || Has("signal 25") || Has("out of memory") || Has("mmap failed") || Has("malloc") ? FailureKind.UpstreamInvalid
            : Has("bad pack") || Has("index-pack failed") || Has("inflate returned") || Has("fsck error") ? FailureKind.UpstreamInvalid
            : FailureKind.UpstreamUnavailable;
        var advice = isMoved ? " (it has moved; a Direct:Rewrites says where to, and redirects are followed for modules of Direct:Inside without a login only)" : "";
        return new Failure(kind, $"{url}: {Sentence(result)}{advice}");

        bool Has(string words) => result.Errors.Contains(words, StringComparison.Ordinal);
    }

    /// <summary>How a host over http refused the login, or that there was none; null where it did not.</summary>
    public static Refusal? RefusalOrNull(ProgramResult result)
    {
        return Has("returned error: 403") ? new Refusal(403, "HTTP/1.1 403 Forbidden\n\n")
            : Has("Authentication failed") || Has("terminal prompts disabled") || Has("returned error: 401") ? new Refusal(401, "HTTP/1.1 401 Unauthorized\n\n")
            : null;

        bool Has(string words) => result.Errors.Contains(words, StringComparison.Ordinal);
    }

    /// <summary>Could the host not be found, or not be connected to?</summary>
    public static bool SaysUnreachable(ProgramResult result) => Array.Exists(Unreachable, words => result.Errors.Contains(words, StringComparison.Ordinal));

    /// <summary>Does a server over http say that it has no such repository?</summary>
    public static bool SaysNotFound(ProgramResult result) =>
        result.Errors.Contains("fatal: repository '", StringComparison.Ordinal) && result.Errors.Contains("' not found", StringComparison.Ordinal);

    // The line with the cause, where git says beside it only that it could not read; else the first that says what is fatal. The
    // others are advice for somebody at a terminal.
    private static string Sentence(ProgramResult result)
    {
        var lines = result.Errors.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var line = lines.FirstOrDefault(static line => Array.Exists(Telling, words => line.Contains(words, StringComparison.Ordinal)))
            ?? lines.FirstOrDefault(static line => line.StartsWith("fatal:", StringComparison.Ordinal) || line.StartsWith("error:", StringComparison.Ordinal))
            ?? lines.LastOrDefault() ?? $"git ended with {result.ExitCode}";
        return LogText.Clean(line, 300);
    }
}
