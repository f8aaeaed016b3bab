using System.Globalization;

namespace ProxyCluster.Repositories;

/// <summary>
/// The environment of a git process, which is all that git learns from this machine: no configuration and no attributes of
/// system or user, no hooks, filters, prompts or helpers, and one protocol. Attributes of one's own file would change a
/// module's hash, and a filter, a hook or <c>ext::</c> would run what a stranger wrote.
/// </summary>
internal static class GitEnvironment
{
    // The way out of a company, and whom it trusts: git's to know as well as ours.
    private static readonly string[] Passed =
    [
        "PATH", "LD_LIBRARY_PATH", "TMPDIR", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_EXEC_PATH",
    ];

    // How ssh is to be: without questions, without connections that stay, and with nothing of this account's: it finds that
    // by the account's own directory, whatever HOME says.
    private const string SshOptions = "-F /dev/null -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o ControlMaster=no -o ConnectTimeout=20";
    private const string NoLogin = "ssh -o IdentityFile=none -o PubkeyAuthentication=no -o PasswordAuthentication=no";

    private static readonly (string Key, string Value)[] Settings =
    [
        ("core.hooksPath", "/dev/null"),
        ("core.fsmonitor", "false"),
        ("core.attributesFile", "/dev/null"),
        ("core.autocrlf", "input"),
        ("core.eol", "lf"),
        ("credential.helper", ""),
        ("credential.interactive", "false"),
        ("fetch.recurseSubmodules", "false"),

        // A pack as it comes costs half of what a file for each object does.
        ("fetch.unpackLimit", "1"),
        ("gc.auto", "0"),

        // A mirror can be fetched again, so it is written in order, and not waited for until a power cut would spare it.
        ("core.fsyncMethod", "writeout-only"),
        ("maintenance.auto", "false"),
        ("http.lowSpeedLimit", "1000"),
        ("http.lowSpeedTime", "60"),
        ("log.showSignature", "false"),

        // An address space that is limited needs windows that are.
        ("core.packedGitWindowSize", "32m"),
        ("core.packedGitLimit", "512m"),
        ("core.bigFileThreshold", "32m"),
        ("pack.threads", "2"),
        ("safe.directory", "*"),
    ];

    /// <summary>The variables of one command.</summary>
    /// <param name="home">An empty directory of ours.</param>
    /// <param name="mirror">The repository here; null for none.</param>
    /// <param name="call">Where the command goes; null where it stays on this machine.</param>
    /// <param name="variable">Gives this process's variables.</param>
    public static Dictionary<string, string> Of(string home, string? mirror, GitCall? call, Func<string, string?> variable)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = home,
            ["XDG_CONFIG_HOME"] = home,
            ["LC_ALL"] = "C",
            ["TZ"] = "UTC",
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["GIT_ATTR_NOSYSTEM"] = "1",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_ASKPASS"] = "/bin/false",
            ["SSH_ASKPASS"] = "/bin/false",
            ["GCM_INTERACTIVE"] = "never",
            ["GIT_LFS_SKIP_SMUDGE"] = "1",
            ["GIT_LITERAL_PATHSPECS"] = "1",
            ["GIT_NO_REPLACE_OBJECTS"] = "1",
            ["GIT_NO_LAZY_FETCH"] = "1",
            ["GIT_PROTOCOL_FROM_USER"] = "0",

            // One that no git knows stands for none.
            ["GIT_ALLOW_PROTOCOL"] = call?.Address.Protocol ?? "none",
        };
        foreach (var name in Passed)
        {
            if (variable(name) is { Length: > 0 } value)
                environment[name] = value;
        }

        // Whom this process trusts, git's curl is told only so.
        foreach (var (name, ours) in (ReadOnlySpan<(string, string)>)[("GIT_SSL_CAINFO", "SSL_CERT_FILE"), ("GIT_SSL_CAPATH", "SSL_CERT_DIR")])
        {
            if (environment.TryGetValue(ours, out var trusted))
                environment.TryAdd(name, trusted);
        }

        if (mirror is not null)
            environment["GIT_DIR"] = mirror;
        if (call is not null)
            environment["GIT_SSH_COMMAND"] = SshCommandOf(call);
        var settings = Settings.Concat(call?.Settings ?? []).ToList();
        environment["GIT_CONFIG_COUNT"] = settings.Count.ToString(CultureInfo.InvariantCulture);
        foreach (var (i, (key, value)) in settings.Index())
        {
            environment[$"GIT_CONFIG_KEY_{i}"] = key;
            environment[$"GIT_CONFIG_VALUE_{i}"] = value;
        }

        return environment;
    }

    /// <summary>The ssh command for a call: hg and svn start theirs likewise.</summary>
    public static string SshCommandOf(GitCall call) => $"{call.Login?.SshCommand ?? NoLogin} {SshOptions}{call.SshOptions}";

    /// <summary>A word of a command that a shell reads: git gives its ssh command to one.</summary>
    public static string Quoted(string word) => $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}

/// <summary>Where a command goes.</summary>
/// <param name="Address">The repository.</param>
/// <param name="Login">The login there.</param>
/// <param name="PinnedTo">The only address of the host that it may connect to; null for any.</param>
internal sealed record GitCall(RepositoryAddress Address, GitLogin? Login, System.Net.IPAddress? PinnedTo)
{
    /// <summary>The file of the keys of hosts, for ssh; null for the usual ones.</summary>
    public string? KnownHosts { get; init; }

    /// <summary>What is set for it.</summary>
    public IEnumerable<(string Key, string Value)> Settings
    {
        get
        {
            // A redirect leads to another host, past the pin, and git would take headers along.
            yield return ("http.followRedirects", Login is null && PinnedTo is null ? "initial" : "false");
            if (PinnedTo is not null && Address.Protocol is "https" or "http")
                yield return ("http.curloptResolve", $"{Address.Uri.IdnHost}:{Address.Uri.Port}:{PinnedTo}");
            foreach (var (key, value) in Login?.Configuration ?? [])
                yield return (key, value);
        }
    }

    /// <summary>The same for ssh.</summary>
    public string SshOptions =>
        (PinnedTo is null ? "" : $" -o {GitEnvironment.Quoted($"HostName={PinnedTo}")} -o {GitEnvironment.Quoted($"HostKeyAlias={Address.Uri.IdnHost}")}")
        + (KnownHosts is null ? "" : $" -o {GitEnvironment.Quoted($"UserKnownHostsFile=\"{KnownHosts}\"")}");
}
