using System.Text;

namespace ProxyCluster.Credentials;

/// <summary>What proves who we are: headers for HTTP, or a key for ssh. Its text form shows nothing.</summary>
internal sealed class Login
{
    // What frames a request, or says who speaks, is ours to write; go leaves the same ones out.
    private static readonly HashSet<string> Ours = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "User-Agent", "Connection", "Transfer-Encoding", "Trailer", "Upgrade", "TE", "Expect", "Accept-Encoding", "If-None-Match", "If-Modified-Since",
    };

    private Login(params IReadOnlyList<(string Name, string Value)> headers) => Headers = headers;

    /// <summary>The headers of a request that carries it, in their order.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; }

    /// <summary>The user name; null where it is none of name and password.</summary>
    public string? Username { get; private init; }

    /// <summary>The password that goes with <see cref="Username"/>.</summary>
    public string? Password { get; private init; }

    /// <summary>The bearer token; null where it is none.</summary>
    public string? Token { get; private init; }

    /// <summary>The file of a private key for ssh; null where it is none.</summary>
    public string? SshKeyFile { get; private init; }

    /// <summary>A name and a password (RFC 7617, UTF-8).</summary>
    public static Login Basic(string username, string password) =>
        new(("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}")))) { Username = username, Password = password };

    /// <summary>A bearer token (RFC 6750).</summary>
    public static Login Bearer(string token) => new(("Authorization", "Bearer " + token)) { Token = token };

    /// <summary>Any headers.</summary>
    public static Login Of(IReadOnlyList<(string Name, string Value)> headers) => new(headers);

    /// <summary>The file of a private key for ssh.</summary>
    public static Login SshKey(string file) => new() { SshKeyFile = file };

    /// <summary>Reads <c>name:password</c> as it stands, percent-encoded, in a URL; null when empty.</summary>
    public static Login? FromUserinfoOrNull(string userinfo)
    {
        if (userinfo.Length == 0)
            return null;

        var colon = userinfo.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? Basic(Uri.UnescapeDataString(userinfo), "")
            : Basic(Uri.UnescapeDataString(userinfo[..colon]), Uri.UnescapeDataString(userinfo[(colon + 1)..]));
    }

    /// <summary>Whether it would say the same.</summary>
    public bool IsSameAs(Login? other) =>
        other is not null && SshKeyFile == other.SshKeyFile && Headers.SequenceEqual(other.Headers);

    /// <summary>Whether git was told the other one: a token may have become a password on the way.</summary>
    public bool MeansSameAs(Login other) => IsSameAs(other) || (Password ?? Token) == (other.Password ?? other.Token) && (Password ?? Token) is not null;

    /// <summary>Puts the headers on a request.</summary>
    public void Sign(HttpRequestMessage request)
    {
        foreach (var (name, value) in Headers)
        {
            if (!Ours.Contains(name))
                request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => "(secret)";
}
