using System.Text.RegularExpressions;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Access;

/// <summary>
/// The modules that patterns in GOPRIVATE's syntax name.
/// <para>
/// One repository has several names: hosts do not heed letters' case, and <c>x/y.git</c> is the repository of <c>x/y</c>. A rule that keeps
/// people out names a module under any of them, and one that lets everybody in only as it is written.
/// </para>
/// </summary>
internal sealed partial class NamedModules(string patterns)
{
    private readonly ModulePathPatterns _written = ModulePathPatterns.Parse(patterns);
    private readonly ModulePathPatterns _plain = ModulePathPatterns.Parse(PlainName(patterns));

    /// <summary>Is it named as it is written?</summary>
    public bool Include(ModulePath module) => _written.MatchOrNull(module) is not null;

    /// <summary>Is it, or the same repository's under another name, named?</summary>
    public bool IncludeUnderAnyName(string module) => IncludeUnderAnyName(module, PlainName(module));

    /// <summary>The same, for whoever asks several rules of one module.</summary>
    public bool IncludeUnderAnyName(string module, string plainName) => _written.MatchOrNull(module) is not null || _plain.MatchOrNull(plainName) is not null;

    /// <summary>What all names of a repository have in common.</summary>
    public static string PlainName(string paths) => Endings().Replace(paths.ToLowerInvariant(), "");

    [GeneratedRegex(@"\.(git|hg|svn|bzr|fossil)(?=[/,]|$)")]
    private static partial Regex Endings();
}
