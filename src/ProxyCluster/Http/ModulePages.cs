using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Http;

/// <summary>
/// A person who opens a module's address in a browser, <c>/example.com/m</c> or <c>/example.com/m@v1.0.0</c>, is sent to where the policy says its
/// documentation is. <c>go</c> asks for no such address, and does not say that it wants a page.
/// </summary>
internal sealed class ModulePages(ModuleGate gate, AccessRules access, Responses responses, IOptions<HttpOptions> options)
{
    private readonly string _basePath = options.Value.BasePath;

    /// <summary>Sends whoever asks there; null where this is no such question, or no rule says where to.</summary>
    public async Task<Seen?> SendOrNullAsync(HttpContext context, string path, Asker who)
    {
        if (!context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            || FindOrNull(path, who) is not { } page)
            return null;
        var headers = context.Response.Headers;
        headers.Location = page.Url;
        headers.Vary = "Accept";
        if (page.Policy.Length > 0)
            headers[PolicyAnswers.NumberHeader] = page.Policy;
        await responses.WriteTextAsync(context, 302, $"its page is {page.Url}\n", context.RequestAborted);
        return new Seen("other", "redirect");
    }

    private ModulePage? FindOrNull(string path, Asker who)
    {
        var below = path.AsSpan();
        if (!below.StartsWith(_basePath, StringComparison.Ordinal))
            return null;
        below = below[_basePath.Length..];
        if (!access.TryCutNamespace(ref below, out var inNamespace) || below.IsEmpty)
            return null;

        // As people write it: names are not escaped.
        var name = below[1..].ToString();
        var at = name.IndexOf('@', StringComparison.Ordinal);
        var version = at < 0 ? null : name[(at + 1)..];
        if (!ModulePath.TryParse(at < 0 ? name : name[..at], out var module, out _) || (version is not null && !VersionQuery.TryParse(module, version, out _, out _)))
            return null;
        return gate.PageOrNull(module, version, who with { Namespace = inNamespace });
    }
}
