namespace ProxyCluster.Repositories;

/// <summary>
/// The environment of hg and svn: as <see cref="GitEnvironment"/>, all that they learn from this machine. No configuration of
/// system or user, no extensions, hooks, prompts or caches of logins. What hg is told comes by its standard input, for it
/// reads a login nowhere but in a file; svn reads a password there.
/// </summary>
internal static class ProgramEnvironment
{
    private static readonly string[] Passed = ["PATH", "LD_LIBRARY_PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    /// <summary>That of hg.</summary>
    public static Dictionary<string, string> OfMercurial(string home, Func<string, string?> variable) => Of(home, "C", variable, [
        ("HGPLAIN", "1"), ("HGRCPATH", "/dev/stdin"), ("HGRCSKIPREPO", "1"), ("HGENCODING", "utf-8"), ("HGEDITOR", "/bin/false"), ("CHGDISABLE", "1"), ("PYTHONNOUSERSITE", "1"), ("PYTHONDONTWRITEBYTECODE", "1")]);

    /// <summary>That of svn, which needs a locale to write the names of files as they are.</summary>
    public static Dictionary<string, string> OfSubversion(string home, string sshCommand, Func<string, string?> variable) =>
        Of(home, "C.UTF-8", variable, [("SVN_SSH", sshCommand), ("SVN_EDITOR", "/bin/false")]);

    /// <summary>What hg reads as its configuration.</summary>
    /// <param name="address">Where it goes; null where it stays on this machine.</param>
    /// <param name="way">How it gets there.</param>
    /// <param name="variable">Gives this process's variables.</param>
    public static string ConfigurationOfMercurial(RepositoryAddress? address, RepositoryWay? way, Func<string, string?> variable)
    {
        // A bundle that a server names may be anywhere, and repositories within one have addresses of their own.
        List<string> lines = ["[ui]", "interactive = false", "clonebundles = false", "timeout = 10", "[subrepos]", "allowed = false"];
        if (address is null || way is null)
            return string.Join('\n', lines) + "\n";
        lines.AddRange(["[ui]", $"ssh = {way.SshCommand}"]);
        if (variable("SSL_CERT_FILE") is { Length: > 0 } trusted)
            lines.AddRange(["[web]", $"cacerts = {trusted}"]);
        if (way.ProxyPort is { } port)
            lines.AddRange(["[http_proxy]", $"host = 127.0.0.1:{port}", "always = true"]);
        if (way.Password is { } password)
            lines.AddRange(["[auth]", $"one.prefix = {address.Uri.Authority}", "one.schemes = https", $"one.username = {way.Username}", $"one.password = {password}"]);
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>The words of svn that hold for all of its commands.</summary>
    public static IEnumerable<string> WordsOfSubversion(string configuration, RepositoryWay way, Func<string, string?> variable)
    {
        string[] words = ["--non-interactive", "--no-auth-cache", "--config-dir", configuration, "--config-option=config:auth:password-stores=", "--config-option=servers:global:http-timeout=60"];
        if (way.ProxyPort is { } port)
            words = [.. words, "--config-option=servers:global:http-proxy-host=127.0.0.1", $"--config-option=servers:global:http-proxy-port={port}", "--config-option=servers:global:http-proxy-exceptions="];
        if (variable("SSL_CERT_FILE") is { Length: > 0 } trusted)
            words = [.. words, $"--config-option=servers:global:ssl-authority-files={trusted}"];
        return way.Password is null ? words : [.. words, $"--username={way.Username}", "--password-from-stdin"];
    }

    private static Dictionary<string, string> Of(string home, string locale, Func<string, string?> variable, ReadOnlySpan<(string, string)> own)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = home,
            ["XDG_CONFIG_HOME"] = home,
            ["LC_ALL"] = locale,
            ["LANGUAGE"] = "C",
            ["TZ"] = "UTC",
            ["SSH_ASKPASS"] = "/bin/false",
        };
        foreach (var name in Passed)
        {
            if (variable(name) is { Length: > 0 } value)
                environment[name] = value;
        }

        foreach (var (name, value) in own)
            environment[name] = value;
        return environment;
    }
}
