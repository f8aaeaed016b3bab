using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Sockets;

namespace ProxyCluster.Access;

/// <summary>What attributes cannot say about <see cref="AccessOptions"/>; every mistake is reported at once.</summary>
internal sealed class AccessOptionsValidation : IValidateOptions<AccessOptions>
{
    private const string Section = AccessOptions.Section;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        List<string> mistakes =
        [
            .. options.Rules.Select(static (rule, index) => MistakesOf(rule, $"{Section}:Rules:{index}")).SelectMany(static of => of),
            .. ReaderMistakes(options.Default, $"{Section}:Default"),
            .. TokenLines.MistakesOf<Identity>(options.TokenFile, $"{Section}:TokenFile", AccessTokens.Read),
            .. MistakesOf(options.Oidc),
            .. AuthorityMistakes(options.ClientCaFile),
        ];
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    private static IEnumerable<string> MistakesOf(AccessRuleOptions rule, string key)
    {
        var patterns = ModulePathPatterns.Parse(rule.Modules);
        foreach (var pattern in patterns.InvalidPatterns)
            yield return $"{key}:Modules: \"{pattern}\" is not a pattern: allowed are path prefixes with *, ? and [a-z]";
        foreach (var item in rule.Modules.Split(','))
        {
            // It would match nothing, and what it was to protect would be for those of the next rule.
            if (item.Any(char.IsWhiteSpace) || item.Contains("://", StringComparison.Ordinal) || item.Split('/')[0].Any(char.IsAsciiLetterUpper))
                yield return $"{key}:Modules: \"{item}\" matches no module: write paths without blanks and schemes, hosts in lower case";
        }

        if (patterns.Text.Trim(',', '/').Length == 0)
            yield return $"{key}:Modules: names no module: use a pattern as in GOPRIVATE, or {Section}:Default for all that no rule names";
        foreach (var mistake in ReaderMistakes(rule.Read, $"{key}:Read"))
            yield return mistake;
        if (!rule.Namespace.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            yield return $"{key}:Namespace: \"{rule.Namespace}\" is not a namespace: use lower-case letters, digits and hyphens";
    }

    private static IEnumerable<string> ReaderMistakes(List<string> words, string key)
    {
        if (words.Count == 0)
            yield return $"{key}: names nobody: use {AccessReaders.Anonymous}, anybody, subject:GLOB or group:GLOB";
        foreach (var word in words)
        {
            if (AccessReaders.FaultOrNull(word) is { } fault)
                yield return $"{key}: {fault}";
        }
    }

    private static IEnumerable<string> MistakesOf(OidcOptions oidc)
    {
        const string Key = $"{Section}:Oidc";
        if (oidc.Authority.Length == 0)
        {
            if (oidc.Audience.Length > 0)
                yield return $"{Key}:Audience: needs an authority: set {Key}:Authority";
            yield break;
        }

        if (!Uri.TryCreate(oidc.Authority, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || url.UserInfo.Length > 0)
            yield return $"{Key}:Authority: is not the URL of an issuer: use https://host/path";
        else if (url.Scheme == Uri.UriSchemeHttp && !OutboundProxy.IsThisMachine(url))
            yield return $"{Key}:Authority: keys that come over plain http prove nothing; use https";
        if (oidc.Audience.Length == 0)
            yield return $"{Key}:Audience: must not be empty: a token for any service would do";
        if (oidc.SubjectClaim.Length == 0 || oidc.GroupsClaim.Length == 0)
            yield return $"{Key}: SubjectClaim and GroupsClaim must not be empty";
    }

    private static IEnumerable<string> AuthorityMistakes(string file)
    {
        string? trouble = null;
        try
        {
            if (file.Length > 0 && ClientAuthorities.Parse(File.ReadAllText(file)).Count == 0)
                trouble = "holds no certificate";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            trouble = e.Message;
        }

        if (trouble is not null)
            yield return $"{Section}:ClientCaFile: {file}: {trouble}";
    }
}
