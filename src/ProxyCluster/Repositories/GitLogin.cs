namespace ProxyCluster.Repositories;

/// <summary>What a login to a repository adds to one git command, by its environment: no argument and no file holds a secret.</summary>
/// <param name="Configuration">Settings, such as <c>http.extraHeader</c> or <c>credential.helper</c>, with their values.</param>
/// <param name="SshCommand">The ssh command, with a key file; null for the usual one.</param>
internal sealed record GitLogin(IReadOnlyList<KeyValuePair<string, string>> Configuration, string? SshCommand = null);

/// <summary>Gives the login for a repository's address, or null; asked before every command that goes to the network.</summary>
internal delegate ValueTask<GitLogin?> GitLogins(Uri repository, CancellationToken cancel);
