using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Verification;

namespace ProxyCluster.Fetching;

/// <summary>
/// Which upstreams may be asked for a module, and so learn its name, and why.
/// </summary>
/// <remarks>
/// Promises. Who is named for a module (<see cref="UpstreamModulesOptions.Include"/>) is the only one asked for it: what it
/// does not have, no other upstream can slip in under that name. A private module (GOPRIVATE) is asked of no upstream that
/// is public, unless that one is named for it. The words of the list see nothing and stay.
/// <para>
/// Who is named by the policy (<see cref="PolicyRewrite"/>) is the only one too, whatever Include says; but it keeps to its Exclude, and no policy has a
/// private module asked of who is public: a pattern that reaches too far would give every private name away at once.
/// </para>
/// <para>
/// Leaves to others: the checksum database, which has patterns of its own (GONOSUMDB, GOPRIVATE).
/// </para>
/// </remarks>
internal sealed class UpstreamRoutes
{
    // Mirrors of everything that is public, for everybody: whatever they are asked, they go and look for it.
    private static readonly HashSet<string> PublicHosts = new(StringComparer.OrdinalIgnoreCase)
    {
        "proxy.golang.org", "proxy.golang.com.cn", "goproxy.io", "goproxy.cn", "goproxy.dev", "goproxy.baidu.com", "gocenter.io",
        "athens.azurefd.net", "mirrors.aliyun.com", "mirrors.cloud.tencent.com", "mirrors.tencent.com", "mirrors.huaweicloud.com",
        "repo.huaweicloud.com", "gonexus.dev", "goproxy.bilibili.co",
    };

    private readonly ModulePathPatterns _private;
    private readonly IReadOnlyList<Rule> _rules;

    public UpstreamRoutes(IOptions<UpstreamsOptions> options, IOptions<VerificationOptions> verification)
        : this(ReadList(options.Value), options.Value.Modules, ModulePathPatterns.Parse(verification.Value.Private))
    {
    }

    internal UpstreamRoutes(GoProxyList list, IReadOnlyList<UpstreamModulesOptions> modules, ModulePathPatterns privates)
    {
        _private = privates;
        _rules = [.. list.Entries.Select(entry =>
        {
            var rule = modules.FirstOrDefault(rule => rule.IsAbout(entry));
            return new Rule(entry, ModulePathPatterns.Parse(rule?.Include), ModulePathPatterns.Parse(rule?.Exclude));
        })];
    }

    /// <summary>The upstreams in the order in which they are asked.</summary>
    public IEnumerable<GoProxyEntry> Entries => _rules.Select(static rule => rule.Entry);

    /// <summary>Those for which no pattern is written.</summary>
    public IEnumerable<GoProxyEntry> OpenToAll =>
        _rules.Where(static rule => rule.Include.Text.Length == 0 && rule.Exclude.Text.Length == 0).Select(static rule => rule.Entry);

    /// <summary>May the upstream at this place of the list be asked for the module?</summary>
    public UpstreamRoute Of(int index, ModulePath path)
    {
        var rule = _rules[index];
        if (rule.Entry.Kind is GoProxyEntryKind.Off)
            return new(true, "the list ends here");
        if (rule.Exclude.MatchOrNull(path) is { } excluded)
            return new(false, $"its Exclude has \"{excluded}\"");
        if (rule.Include.MatchOrNull(path) is { } included)
            return new(true, $"its Include has \"{included}\"");
        if (rule.Include.Text.Length > 0)
            return new(false, "nothing in its Include covers the module");
        foreach (var other in _rules)
        {
            if (other.Exclude.MatchOrNull(path) is null && other.Include.MatchOrNull(path) is { } claim)
                return new(false, $"the Include of {other.Entry} has \"{claim}\"");
        }

        return SecretOrNull(rule.Entry, path) is { } secret ? new(false, secret) : new(true, "nothing keeps the module from it");
    }

    /// <summary>The same where the policy may name one of them for it.</summary>
    public UpstreamRoute Of(int index, ModulePath path, PolicyRewrite? rewrite)
    {
        if (rewrite is null)
            return Of(index, path);
        var rule = _rules[index];
        return rule.Entry.DisplayName != rewrite.Upstream ? new(false, rewrite.ToString())
            : rule.Exclude.MatchOrNull(path) is { } excluded ? new(false, $"its Exclude has \"{excluded}\"")
            : SecretOrNull(rule.Entry, path) is { } secret ? new(false, secret)
            : new(true, rewrite.ToString());
    }

    /// <summary>May the module's repository be asked: does the list have <c>direct</c>, and may that see the module?</summary>
    public bool MayAskRepositoryOf(ModulePath path) =>
        _rules.Index().Any(rule => rule.Item.Entry.Kind is GoProxyEntryKind.Direct && Of(rule.Index, path).MayAsk);

    /// <summary>
    /// Why no upstream is asked. That one is not in this silo's list says nothing of the module: another silo's may have it.
    /// </summary>
    public Failure WhyNobody(UpstreamResource resource, PolicyRewrite? rewrite)
    {
        if (rewrite is not null && _rules.All(rule => rule.Entry.DisplayName != rewrite.Upstream))
            return new Failure(FailureKind.UpstreamUnavailable, $"{resource}: {rewrite}, which is not in this silo's Upstreams:List");
        var reasons = _rules.Select((rule, index) => $"{rule.Entry}: {Of(index, resource.Path, rewrite).Why}");
        return new Failure(FailureKind.Blocked, $"{resource} is not asked for: no upstream may see it ({string.Join("; ", reasons)})");
    }

    private string? SecretOrNull(GoProxyEntry entry, ModulePath path) =>
        IsPublic(entry) && path.Value != Verifier.Toolchain && _private.MatchOrNull(path) is { } secret
            ? $"the module is private by \"{secret}\", and this upstream is public"
            : null;

    private static bool IsPublic(GoProxyEntry entry) => entry.Kind is GoProxyEntryKind.Http && PublicHosts.Contains(entry.Url!.IdnHost);

    private static GoProxyList ReadList(UpstreamsOptions options) =>
        GoProxyList.TryParse(options.List, out var list, out var error) ? list : throw new OptionsValidationException(
            UpstreamsOptions.Section, typeof(UpstreamsOptions), [error]);

    private sealed record Rule(GoProxyEntry Entry, ModulePathPatterns Include, ModulePathPatterns Exclude);
}

/// <summary>Whether an upstream may be asked for a module.</summary>
/// <param name="MayAsk">It may.</param>
/// <param name="Why">Why, or why not.</param>
internal readonly record struct UpstreamRoute(bool MayAsk, string Why);
