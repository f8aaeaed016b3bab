using Microsoft.Extensions.Options;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Credentials;

/// <summary>What attributes cannot say about <see cref="CredentialsOptions"/>; every fault found is reported at once, and none quotes a secret.</summary>
internal sealed class CredentialsOptionsValidation : IValidateOptions<CredentialsOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, CredentialsOptions options)
    {
        var faults = options.Rules.SelectMany(static (rule, i) => FaultsOf(rule).Select(fault => $"{CredentialsOptions.Section}:Rules:{i}{fault}"))
            .Concat(options.OAuth.SelectMany(static one => FaultsOf(one.Key, one.Value).Select(fault => $"{CredentialsOptions.Section}:OAuth:{one.Key}{fault}")))
            .ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> FaultsOf(CredentialRuleOptions rule)
    {
        // 1. For what.
        foreach (var fault in PatternFaults("Match", rule.Match, needsHosts: rule.IsWritten()))
            yield return fault;
        foreach (var pattern in ModulePathPatterns.Parse(rule.Modules).InvalidPatterns)
            yield return $":Modules: \"{pattern}\" is not a pattern: allowed are path prefixes with *, ? and [a-z]";

        // 2. One sort, whole.
        var sorts = new[]
        {
            rule.Token.Length > 0, rule.TokenFile.Length > 0, rule.Password.Length > 0, rule.PasswordFile.Length > 0, rule.Headers.Count > 0,
            rule.HeadersFile.Length > 0, rule.SshKeyFile.Length > 0, rule.NetrcFile.Length > 0, rule.Helper.Length > 0, rule.GoAuth.Length > 0,
        }.Count(static given => given);
        if (sorts != 1)
            yield return ": give exactly one of Token, TokenFile, Username with Password or PasswordFile, Headers, HeadersFile, SshKeyFile, NetrcFile, Helper, GoAuth";
        if ((rule.Password.Length > 0 || rule.PasswordFile.Length > 0) && rule.Username.Length == 0)
            yield return ":Username: a password needs one";
        if (rule.Username.Length > 0 && rule is { Password: "", PasswordFile: "", Helper: "" })
            yield return ":Username: only a password and a helper have one";
        if (rule.Username.AsSpan().ContainsAny(":\r\n\0"))
            yield return ":Username: a user name cannot hold a colon (RFC 7617) or a line break";

        // 3. What is in it.
        if (rule.Token.Length > 0 && FixedLogin.TokenFaultOrNull(rule.Token) is { } token)
            yield return $":Token: {token}";
        if (rule.Headers.Any(static header => !HeaderRules.IsName(header.Key) || !HeaderRules.IsValue(header.Value)))
            yield return ":Headers: a header's name holds letters, digits and dashes, its value no control characters";
        if (rule.Helper.Length > 0 && GitHelper.WordsOrNull(rule.Helper) is null)
            yield return ":Helper: it names no helper, or leaves a quote open";
        if (rule.GoAuth.Length > 0 && (!CommandWords.TryParse(rule.GoAuth, out var words) || words[0] is "netrc" or "git" or "off" || rule.GoAuth.Contains(';', StringComparison.Ordinal)))
            yield return ":GoAuth: it must be one command and its arguments; netrc and git are NetrcFile and Helper here";

        // 4. The files.
        foreach (var (key, file, says) in ((string, string, Func<string, string?>?)[])
        [
            ("TokenFile", rule.TokenFile, static text => FixedLogin.TokenFaultOrNull(text.Trim())),
            ("PasswordFile", rule.PasswordFile, static text => text.Trim().Length == 0 ? "it is empty" : null),
            ("HeadersFile", rule.HeadersFile, static text => FixedLogin.HeadersOrNull(text) is null ? "it must hold lines Name: value" : null),
            ("SshKeyFile", rule.SshKeyFile, null),
            ("NetrcFile", rule.NetrcFile, null),
        ])
        {
            if (file.Length > 0 && FileFaultOrNull(file, says) is { } fault)
                yield return $":{key}: {file}: {fault}";
        }
    }

    private static IEnumerable<string> FaultsOf(string name, OAuthOptions options)
    {
        if (name.Length is 0 or > 64 || name[0] == '.' || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
            yield return ": a provider's name holds letters, digits, dots, dashes and underscores";
        foreach (var fault in PatternFaults("Hosts", options.Hosts, needsHosts: true))
            yield return fault;
        if (options.ClientId.Length == 0)
            yield return ":ClientId: must not be empty";
        if (options.Issuer.Length == 0 && (options.DeviceEndpoint.Length == 0 || options.TokenEndpoint.Length == 0))
            yield return ":Issuer: give it, or both DeviceEndpoint and TokenEndpoint";
        foreach (var (key, url) in ((string, string)[])[("Issuer", options.Issuer), ("DeviceEndpoint", options.DeviceEndpoint), ("TokenEndpoint", options.TokenEndpoint)])
        {
            if (url.Length > 0 && !OAuthClient.IsEndpoint(url))
                yield return $":{key}: it must be an https URL; plain http is for this machine only";
        }

        if (options.ClientSecretFile.Length > 0 && FileFaultOrNull(options.ClientSecretFile, null) is { } unreadable)
            yield return $":ClientSecretFile: {options.ClientSecretFile}: {unreadable}";
        if (options is { ClientSecret.Length: > 0, ClientSecretFile.Length: > 0 })
            yield return ":ClientSecret: give it, or ClientSecretFile";
    }

    private static IEnumerable<string> PatternFaults(string key, string text, bool needsHosts)
    {
        if (text.Length == 0)
            yield return $":{key}: must not be empty";
        foreach (var pattern in ModulePathPatterns.Parse(text).InvalidPatterns)
            yield return $":{key}: \"{pattern}\" is not a pattern: allowed are hosts, with paths behind them, with *, ? and [a-z]";
        if (needsHosts && text.Split(',').Any(static one => one.Length > 0 && one.Split('/')[0].Trim('*', '?', '.').Length == 0))
            yield return $":{key}: a login that is written down goes to hosts with names, not to all";
    }

    private static string? FileFaultOrNull(string file, Func<string, string?>? says)
    {
        try
        {
            var text = RegularFile.ReadAllText(file);
            return says?.Invoke(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
