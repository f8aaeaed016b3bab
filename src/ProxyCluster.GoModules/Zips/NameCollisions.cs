using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// Finds names that cannot stand beside each other on every file system (spec §4): two spellings of one folded name, a
/// path that is both file and directory, a file twice. A tree of elements rather than a set of paths: every path costs
/// its new elements only, so a hostile zip of deep paths costs no more memory than its own directory.
/// </summary>
internal sealed class NameCollisions
{
    private const int Root = -1;

    private readonly Dictionary<Element, int> _nodes = new(new FoldedElements());
    private readonly Dictionary<Element, int>.AlternateLookup<ElementSpan> _lookup;
    private readonly List<bool> _isDirectory = [];
    private readonly List<Element> _elements = [];

    public NameCollisions() => _lookup = _nodes.GetAlternateLookup<ElementSpan>();

    /// <summary>Adds a valid file path and says what it collides with; null if with nothing.</summary>
    public string? AddOrFault(ReadOnlySpan<char> path, bool isDirectory)
    {
        var parent = Root;
        for (var start = 0; ;)
        {
            var slash = path[start..].IndexOf('/');
            var element = slash < 0 ? path[start..] : path.Slice(start, slash);
            var isParent = slash >= 0;
            var span = new ElementSpan(parent, element);
            if (_lookup.TryGetValue(span, out var node))
            {
                if (FaultOrNull(node, element, isParent || isDirectory, path[..(start + element.Length)]) is { } fault)
                    return fault;
            }
            else
            {
                node = _elements.Count;
                var added = new Element(parent, element.ToString());
                _nodes.Add(added, node);
                _elements.Add(added);
                _isDirectory.Add(isParent || isDirectory);
            }

            if (!isParent)
                return null;
            parent = node;
            start += slash + 1;
        }
    }

    private string? FaultOrNull(int node, ReadOnlySpan<char> element, bool isDirectory, ReadOnlySpan<char> path)
    {
        if (!element.SequenceEqual(_elements[node].Name))
            return $"differs only in case from {Names.Quote.Of(PathOf(node))}";
        if (isDirectory != _isDirectory[node])
            return $"{Names.Quote.Of(path)} is both a file and a directory";
        return isDirectory ? null : "the file is there twice";
    }

    private string PathOf(int node)
    {
        var names = new List<string>();
        for (; node != Root; node = _elements[node].Parent)
            names.Add(_elements[node].Name);
        names.Reverse();
        return string.Join('/', names);
    }

    private readonly record struct Element(int Parent, string Name);

    private readonly ref struct ElementSpan(int parent, ReadOnlySpan<char> name)
    {
        public int Parent { get; } = parent;

        public ReadOnlySpan<char> Name { get; } = name;
    }

    private sealed class FoldedElements : IEqualityComparer<Element>, IAlternateEqualityComparer<ElementSpan, Element>
    {
        public bool Equals(Element x, Element y) => x.Parent == y.Parent && CaseFolding.AreEqual(x.Name, y.Name);

        public bool Equals(ElementSpan alternate, Element other) =>
            alternate.Parent == other.Parent && CaseFolding.AreEqual(alternate.Name, other.Name);

        public int GetHashCode([DisallowNull] Element element) => GetHashCode(new ElementSpan(element.Parent, element.Name));

        // HashCode is seeded at random per process, so nobody can prepare a zip of colliding names.
        public int GetHashCode(ElementSpan element)
        {
            var hash = default(HashCode);
            hash.Add(element.Parent);
            CaseFolding.AddTo(ref hash, element.Name);
            return hash.ToHashCode();
        }

        public Element Create(ElementSpan alternate) => new(alternate.Parent, alternate.Name.ToString());
    }
}
