using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Credentials;

/// <summary>For what a login is wanted.</summary>
/// <param name="Url">The address, without a user part.</param>
/// <param name="Written">
/// The same as it was written after the scheme, <c>host[:port][/path]</c>: what <c>go</c> holds netrc machines and GOAUTH's
/// prefixes against, and there letters and a port that goes without saying count.
/// </param>
/// <param name="Module">The module that it is about, where that is known.</param>
internal sealed record LoginAsk(Uri Url, string Written, ModulePath? Module = null)
{
    /// <summary>For an address that nobody wrote.</summary>
    public static LoginAsk For(Uri url, ModulePath? module = null) => new(url, $"{url.Authority}{url.AbsolutePath}", module);

    /// <summary>Host and, where one was written, port.</summary>
    public string Host => Written.Split('/')[0];
}

/// <summary>What came of asking for a login: one, none, or that there should be one and is not.</summary>
/// <param name="Login">The login, or null.</param>
/// <param name="Trouble">
/// Why the login that is configured cannot be had, without a secret in it; the request must not go out without it then.
/// Asked as nobody, a host says of what is private that it does not exist, and an outage would look like absence.
/// </param>
/// <param name="From">Who gave the login; null for one that stood in the URL.</param>
internal readonly record struct LoginReply(Login? Login, string? Trouble = null, ILoginSource? From = null)
{
    /// <summary>There is none.</summary>
    public static LoginReply None => default;

    /// <summary>There should be one.</summary>
    public static LoginReply Failed(string trouble) => new(null, trouble);
}

/// <summary>How a host refused a request.</summary>
/// <param name="Status">The status, 400 to 499.</param>
/// <param name="Head">The answer's status line and headers, a line each, as <c>go</c> writes them for a GOAUTH command.</param>
internal sealed record Refusal(int Status, string Head)
{
    /// <summary>What an answer says.</summary>
    public static Refusal Of(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        $"HTTP/{response.Version.ToString(2)} {(int)response.StatusCode} {response.ReasonPhrase}\n" + string.Concat(
            response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).Select(static header => $"{header.Key}: {string.Join(", ", header.Value)}\n")) + "\n");
}
