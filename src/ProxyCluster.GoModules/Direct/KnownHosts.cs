using System.Buffers;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Direct;

/// <summary>
/// What a module path alone says about its repository (spec §6): a few hosts whose layout everybody knows, and an element that
/// ends with the kind of repository (<c>example.com/team/repo.git/sub</c>). For all else a page has to be asked for.
/// </summary>
public static class KnownHosts
{
    private static readonly SearchValues<char> Word =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    private static readonly SearchValues<char> SmallWord = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    private static readonly string[] Kinds = ["fossil", "git", "hg", "svn"];

    private static readonly Host[] Hosts =
    [
        new("github.com", 2, "git"),
        new("bitbucket.org", 2, "git"),
        new("hub.jazz.net/git", 2, "git"),
        new("git.apache.org", 1, "git") { EndsWithKind = true },
        new("git.openstack.org", 2, "git") { MayEndWithKind = true },
        new("chiselapp.com", 4, "fossil") { MayEndWithKind = true },
    ];

    /// <summary>
    /// The repository of a module, or null where only a page can tell. A path below a known host that names no repository
    /// of it has none, and <paramref name="fault"/> says why.
    /// </summary>
    public static RepositoryRoot? FindOrNull(ModulePath path, out string? fault)
    {
        fault = null;
        var elements = path.Value.Split('/');
        foreach (var host in Hosts)
        {
            if (!RepositoryRoot.Covers(host.Name, path.Value))
                continue;
            var length = host.Name.Split('/').Length + host.Elements;
            if (elements.Length < length || elements.Skip(1).Any(static element => element.AsSpan().ContainsAnyExcept(Word)) || !host.Fits(elements))
            {
                fault = $"{path} names no repository of {host.Name}";
                return null;
            }

            var root = string.Join('/', elements.Take(length));
            if (!host.MayEndWithKind && !host.EndsWithKind && Kinds.Any(kind => root.EndsWith("." + kind, StringComparison.Ordinal)))
            {
                fault = $"{path}: repositories of {host.Name} are named without their kind";
                return null;
            }

            return new RepositoryRoot(root, host.Kind, "https://" + root) { IsOfPath = true };
        }

        return FindQualifiedOrNull(elements);
    }

    // The first element, from the left, that ends with a kind; the address is what stands before that.
    private static RepositoryRoot? FindQualifiedOrNull(string[] elements)
    {
        if (elements.Skip(1).Any(static element => element.AsSpan(element[0] == '~' ? 1 : 0) is var name && (name.IsEmpty || name.ContainsAnyExcept(Word))))
            return null;

        for (var i = 1; i < elements.Length; i++)
        {
            foreach (var kind in Kinds)
            {
                if (elements[i].Length <= kind.Length + 1 || !elements[i].EndsWith("." + kind, StringComparison.Ordinal))
                    continue;
                var root = string.Join('/', elements.Take(i + 1));
                return new RepositoryRoot(root, kind, root[..^(kind.Length + 1)]) { IsOfPath = true };
            }
        }

        return null;
    }

    private sealed record Host(string Name, int Elements, string Kind)
    {
        /// <summary>A repository's name has to say its kind.</summary>
        public bool EndsWithKind { get; init; }

        /// <summary>It may.</summary>
        public bool MayEndWithKind { get; init; }

        public bool Fits(string[] elements) => Name switch
        {
            "git.apache.org" => elements[1].EndsWith(".git", StringComparison.Ordinal),
            "hub.jazz.net/git" => !elements[2].AsSpan().ContainsAnyExcept(SmallWord),
            "chiselapp.com" => elements is [_, "user", _, "repository", _],
            _ => true,
        };
    }
}
