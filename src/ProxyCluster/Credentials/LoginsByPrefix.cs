namespace ProxyCluster.Credentials;

/// <summary>Logins by what a URL begins with, looked up as <c>go</c> does: element by element, the longest counts.</summary>
internal sealed class LoginsByPrefix
{
    private readonly Dictionary<string, Login> _logins = new(StringComparer.Ordinal);

    /// <summary>Adds a login, unless there is one.</summary>
    public void Add(string prefix, Login login) => _logins.TryAdd(Bare(prefix), login);

    /// <summary>Sets what a prefix has; null takes it away.</summary>
    public void Set(string prefix, Login? login)
    {
        if (login is null)
            _logins.Remove(Bare(prefix));
        else
            _logins[Bare(prefix)] = login;
    }

    /// <summary>The login for what a URL names after its scheme, <c>host[:port][/path]</c> as it was written, or null.</summary>
    public Login? FindOrNull(string written)
    {
        for (var prefix = Bare(written); ; prefix = prefix[..prefix.LastIndexOf('/')])
        {
            if (_logins.GetValueOrDefault(prefix) is { } login)
                return login;
            if (!prefix.Contains('/', StringComparison.Ordinal))
                return null;
        }
    }

    private static string Bare(string address)
    {
        const string Scheme = "https://";
        var bare = address.StartsWith(Scheme, StringComparison.Ordinal) ? address[Scheme.Length..] : address;
        return bare.EndsWith('/') ? bare[..^1] : bare;
    }
}
