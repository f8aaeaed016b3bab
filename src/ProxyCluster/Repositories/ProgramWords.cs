using ProxyCluster.Credentials;
using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Repositories;

/// <summary>
/// What a program's words come to when a command to a repository has failed, as <see cref="GitFailures"/> does for git: they are
/// those of its C locale, and what nobody knows is an outage, never absence (design rule 4).
/// </summary>
internal sealed class ProgramWords
{
    private ProgramWords()
    {
    }

    /// <summary>Those of hg (mercurial/sslutil.py, url.py, sshpeer.py; errors of the platform).</summary>
    public static ProgramWords Mercurial { get; } = new()
    {
        Unreachable = ["Connection refused", "Name or service not known", "Temporary failure in name resolution", "No address associated", "Network is unreachable", "No route to host", "Tunnel connection failed: 502"],
        Refused = ["authorization failed", "http authorization required", "HTTP Error 401", "HTTP Error 403", "Permission denied (", "Host key verification failed"],
        Invalid = ["File too large", "out of memory", "MemoryError", "does not appear to be an hg repository", "integrity check failed", "stream ended unexpectedly"],
        Missing = ["HTTP Error 404", "HTTP Error 410"],
        Telling = "abort:",
    };

    /// <summary>Those of svn, which has numbers (svn_error_codes.h).</summary>
    public static ProgramWords Subversion { get; } = new()
    {
        Unreachable = ["Connection refused", "Unknown hostname", "Name or service not known", "Temporary failure in name resolution", "E670002", "E670003", "Network is unreachable", "No route to host", "E175002: Unexpected server error 502", "502 Unreachable"],
        Refused = ["E170001", "E215004", "E175013", "E220001", "Permission denied (", "Host key verification failed"],
        Invalid = ["File too large", "Out of memory", "E000027"],
        Missing = ["E210005", "E170000", "E180001", "E160013"],

        // A revision that there is not, and a path at a revision: that the repository itself says.
        Absent = ["E160006", "E205000", "E200009", "E195012", "File not found: revision "],
        Telling = "svn: E",
    };

    private string[] Unreachable { get; init; } = [];

    private string[] Refused { get; init; } = [];

    private string[] Invalid { get; init; } = [];

    private string[] Missing { get; init; } = [];

    private string[] Absent { get; init; } = [];

    private string Telling { get; init; } = "";

    /// <summary>Could the host not be found, or not be connected to?</summary>
    public bool SaysUnreachable(ProgramResult result) => !result.IsWell && Has(result, Unreachable);

    /// <summary>Does it say that there is no such repository?</summary>
    public bool SaysNotFound(ProgramResult result) => Has(result, Missing) && !SaysAbsent(result);

    /// <summary>Does the repository say that it has not what was asked for?</summary>
    public bool SaysAbsent(ProgramResult result) => !result.IsWell && Has(result, Absent) && !Has(result, Refused);

    /// <summary>How a host refused the login, or that there was none; null where it did not.</summary>
    public Refusal? RefusalOrNull(ProgramResult result) =>
        result.IsWell || !Has(result, Refused) ? null : new Refusal(401, "HTTP/1.1 401 Unauthorized\n\n");

    /// <summary>The failure of a command.</summary>
    public Failure FailureOf(string url, ProgramResult result)
    {
        var kind = Has(result, Refused) ? FailureKind.Blocked
            : result.SaysNoSpace ? FailureKind.StoreUnavailable
            : Has(result, Invalid) ? FailureKind.UpstreamInvalid
            : FailureKind.UpstreamUnavailable;
        var lines = result.Errors.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var line = Array.Find(lines, line => Array.Exists(Refused, words => line.Contains(words, StringComparison.Ordinal)))
            ?? lines.LastOrDefault(line => line.StartsWith(Telling, StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? $"the program ended with {result.ExitCode}";
        return new Failure(kind, $"{url}: {LogText.Clean(line, 300)}");
    }

    private static bool Has(ProgramResult result, string[] all) => Array.Exists(all, words => result.Errors.Contains(words, StringComparison.Ordinal));
}
