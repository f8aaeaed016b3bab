using ProxyCluster.Configuration;

namespace ProxyCluster.Credentials;

/// <summary>How one host, or a part of it, is told who we are. Exactly one sort of login is given.</summary>
internal sealed class CredentialRuleOptions
{
    /// <summary>
    /// For what, as globs over host and path in GOPRIVATE's syntax: <c>git.example.com</c>, <c>*.example.com</c>,
    /// <c>go.example.com:8443/team-*</c>. Without a port it means any. Required; a login written here needs hosts with names.
    /// </summary>
    public string Match { get; set; } = "";

    /// <summary>Only for these modules, in GOPRIVATE's syntax. Default: all, and what is about no module.</summary>
    public string Modules { get; set; } = "";

    /// <summary>Bearer token. Default: none.</summary>
    [Secret]
    public string Token { get; set; } = "";

    /// <summary>File with the bearer token; changes count at once. Default: none.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>Name for Basic authentication, or which of a helper's is wanted. Default: none.</summary>
    public string Username { get; set; } = "";

    /// <summary>Password for Basic authentication. Default: none.</summary>
    [Secret]
    public string Password { get; set; } = "";

    /// <summary>File with the password; changes count at once. Default: none.</summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>Headers by their names. Default: none.</summary>
    [Secret]
    public Dictionary<string, string> Headers { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>File with headers, a line <c>Name: value</c> each; changes count at once. Default: none.</summary>
    public string HeadersFile { get; set; } = "";

    /// <summary>File of a private key, for git over ssh. Default: none.</summary>
    public string SshKeyFile { get; set; } = "";

    /// <summary>A netrc file as <c>go</c> reads it, for https; changes count at once. Default: none.</summary>
    public string NetrcFile { get; set; } = "";

    /// <summary>
    /// A helper as git's <c>credential.helper</c> names it: a name (<c>store --file /x</c> is run as <c>git credential-store</c>),
    /// an absolute path with arguments, or <c>!</c> and what the shell is to run. Default: none.
    /// </summary>
    public string Helper { get; set; } = "";

    /// <summary>Tell the helper the path too, as git's <c>credential.useHttpPath</c>. Default false: one login per host.</summary>
    public bool HelperKnowsPath { get; set; }

    /// <summary>A command in GOAUTH's format (<c>go help goauth</c>), for https. Default: none.</summary>
    public string GoAuth { get; set; } = "";

    /// <summary>Whether it holds a login itself, rather than naming who knows some.</summary>
    public bool IsWritten() => this is { Helper: "", GoAuth: "", NetrcFile: "" };
}
