using System.Collections.Immutable;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace ProxyCluster.Policy;

/// <summary>Reads a text of YAML that strangers may have written: bounded, plain, one mapping, and every mistake with its place.</summary>
internal static class PolicyYaml
{
    /// <summary>Bytes of the longest text.</summary>
    public const int MaxBytes = 256 << 10;

    private const int MaxDepth = 8;
    private const int MaxMistakes = 100;

    /// <summary>What <paramref name="read"/> makes of the text's mapping; null where there are mistakes, its own among them.</summary>
    public static T? ReadOrNull<T>(string yaml, string isWhat, Func<YamlMappingNode, List<PolicyMistake>, T?> read, out ImmutableArray<PolicyMistake> mistakes)
        where T : class
    {
        var found = new List<PolicyMistake>();
        T? value = null;
        try
        {
            value = RootOrNull(yaml, isWhat, found) is { } root ? read(root, found) : null;
        }
        catch (YamlException e)
        {
            // Behind a mistake of YAML's own nothing can be told apart.
            found.Add(PolicyMistake.At(e.Start, $"this is not YAML: {e.InnerException?.Message ?? e.Message}"));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet's scanner throws these at some texts, and says no place.
            found.Add(new PolicyMistake(1, 1, "this is not YAML"));
        }

        mistakes = [.. found.OrderBy(static mistake => mistake.Line).ThenBy(static mistake => mistake.Column).Take(MaxMistakes)];
        return mistakes.IsEmpty ? value : null;
    }

    private static YamlMappingNode? RootOrNull(string yaml, string isWhat, List<PolicyMistake> mistakes)
    {
        if (Encoding.UTF8.GetByteCount(yaml) > MaxBytes)
        {
            mistakes.Add(new PolicyMistake(1, 1, $"it has more than {MaxBytes} bytes"));
            return null;
        }

        if (!IsPlain(yaml, mistakes))
            return null;
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        if (stream.Documents is [{ RootNode: YamlMappingNode root }])
            return root;
        mistakes.Add(new PolicyMistake(1, 1, isWhat));
        return null;
    }

    // Before a tree is made of it, which takes a stack as deep as the text.
    private static bool IsPlain(string yaml, List<PolicyMistake> mistakes)
    {
        var parser = new Parser(new StringReader(yaml));
        var depth = 0;
        while (parser.MoveNext())
        {
            if (parser.Current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
            {
                mistakes.Add(PolicyMistake.At(parser.Current.Start, "anchors and aliases are not read here: write it out"));
                return false;
            }

            depth += parser.Current is MappingStart or SequenceStart ? 1 : parser.Current is MappingEnd or SequenceEnd ? -1 : 0;
            if (depth > MaxDepth)
            {
                mistakes.Add(PolicyMistake.At(parser.Current!.Start, "nothing in a policy is nested so deeply"));
                return false;
            }
        }

        return true;
    }
}
