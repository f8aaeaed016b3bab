using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Access;

/// <summary>
/// Who may read which module. It answers by the module's name alone: what is stored, and whether it exists, is asked by nobody before
/// that, so that whoever may not read a module learns nothing of it, not by how long an answer takes either.
/// <para>
/// <b>The first rule counts</b> that names the module and the namespace in which it is asked for. What only rules of other namespaces name is
/// nobody's there; what no rule names is for those of <see cref="AccessOptions.Default"/>. Road not taken: that one of several rules
/// suffices. Then a rule for <c>git.example.com</c> could not be narrowed by one for <c>git.example.com/secret</c>.
/// </para>
/// </summary>
internal sealed class AccessRules
{
    /// <summary>Begins a path that names the namespace of whoever asks: <c>/ns/NAME/…</c>. No module path begins so.</summary>
    public const string NamespacePrefix = "/ns/";

    private readonly ImmutableArray<Rule> _rules;
    private readonly AccessReaders _default;
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _namespaces;

    public AccessRules(IOptions<AccessOptions> options)
    {
        _rules = [.. options.Value.Rules.Select(static rule =>
            new Rule(rule))];
        _default = new(options.Value.Default);
        _namespaces = _rules.Select(static rule => rule.Namespace).Where(static name => name.Length > 0)
            .ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        HasLogins = options.Value is { TokenFile.Length: > 0 } or { Oidc.Authority.Length: > 0 } or { ClientCaFile.Length: > 0 };
        IsOpen = _default.IncludeAnonymous && _rules.All(static rule => rule.Readers.IncludeAnonymous && rule.Namespace.Length == 0);
        IsAnythingOpen = _default.IncludeAnonymous || _rules.Any(static rule => rule.Readers.IncludeAnonymous);
    }

    /// <summary>Whether there is a way to log in.</summary>
    public bool HasLogins { get; }

    /// <summary>Whether everybody may read everything.</summary>
    public bool IsOpen { get; }

    /// <summary>Whether there is something that everybody may read.</summary>
    public bool IsAnythingOpen { get; }

    /// <summary>May <paramref name="who"/> read the module? Null is an anonymous client.</summary>
    public bool MayRead(ModulePath module, Identity? who, string inNamespace) => IsOpen || ReadersOf(module, inNamespace).Include(who);

    /// <summary>May everybody read it, in every namespace?</summary>
    public bool IsForAnybody(ModulePath module)
    {
        if (IsOpen)
            return true;
        var isNamed = false;
        foreach (var rule in _rules)
        {
            if (!rule.Names(module))
                continue;
            if (!rule.Readers.IncludeAnonymous)
                return false;
            if (rule.Namespace.Length == 0)
                return true;
            isNamed = true;
        }

        return !isNamed && _default.IncludeAnonymous;
    }

    /// <summary>Whether a group changes what somebody may read.</summary>
    public bool Mention(string group) => _default.Mention(group) || _rules.Any(rule => rule.Readers.Mention(group));

    /// <summary>
    /// Cuts <c>/ns/NAME</c> off a path below the base path; false where there is no such namespace. A path without one is in none. Hot path: does
    /// not allocate.
    /// </summary>
    public bool TryCutNamespace(ref ReadOnlySpan<char> path, [NotNullWhen(true)] out string? name)
    {
        name = "";
        if (!path.StartsWith(NamespacePrefix, StringComparison.Ordinal))
            return true;
        var rest = path[NamespacePrefix.Length..];
        var end = rest.IndexOf('/');
        if (!_namespaces.TryGetValue(end < 0 ? rest : rest[..end], out name))
            return false;
        path = end < 0 ? [] : rest[end..];
        return true;
    }

    private AccessReaders ReadersOf(ModulePath module, string inNamespace)
    {
        var isNamed = false;
        foreach (var rule in _rules)
        {
            if (!rule.Names(module))
                continue;
            if (rule.Namespace.Length == 0 || rule.Namespace == inNamespace)
                return rule.Readers;
            isNamed = true;
        }

        return isNamed ? Nobody : _default;
    }

    private static AccessReaders Nobody { get; } = new([]);

    private sealed class Rule(AccessRuleOptions options)
    {
        private readonly NamedModules _modules = new(options.Modules);

        public AccessReaders Readers { get; } = new(options.Read);

        public string Namespace => options.Namespace;

        public bool Names(ModulePath module) => Readers.IncludeAnonymous ? _modules.Include(module) : _modules.IncludeUnderAnyName(module.Value);
    }
}
