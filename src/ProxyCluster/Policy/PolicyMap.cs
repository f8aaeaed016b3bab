using System.Collections.Immutable;
using ProxyCluster.Configuration;
using ProxyCluster.Telemetry;
using YamlDotNet.RepresentationModel;

namespace ProxyCluster.Policy;

/// <summary>
/// A mapping of a policy's text whose keys are known. What is wrong is noted and reading goes on, so that all mistakes are found at once.
/// </summary>
internal sealed class PolicyMap
{
    /// <summary>Characters of the longest text that people write into a rule.</summary>
    public const int MaxText = 300;

    private readonly YamlMappingNode _node;
    private readonly List<PolicyMistake> _mistakes;

    /// <param name="node">The mapping.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="notYet">Keys that mean something that is not built.</param>
    /// <param name="mistakes">What is wrong, so far.</param>
    public PolicyMap(YamlMappingNode node, ReadOnlySpan<string> keys, ReadOnlySpan<string> notYet, List<PolicyMistake> mistakes)
    {
        (_node, _mistakes) = (node, mistakes);
        foreach (var key in node.Children.Keys)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (keys.Contains(name))
                continue;
            Fault(key, notYet.Contains(name) ? $"{name} is not supported yet"
                : NearestName.FindOrNull(name, keys.ToArray()) is { } near ? $"\"{LogText.Clean(name, 40)}\" is not a key here: did you mean {near}?"
                : $"\"{LogText.Clean(name, 40)}\" is not a key here: there are {string.Join(", ", keys!)}");
        }
    }

    /// <summary>Notes a mistake.</summary>
    public void Fault(YamlNode? where, string text) => _mistakes.Add(PolicyMistake.At((where ?? _node).Start, text));

    /// <summary>The value of a key, or null.</summary>
    public YamlNode? NodeOrNull(string key) => _node.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : null;

    /// <summary>The mapping of a key; null where there is none.</summary>
    public PolicyMap? MapOrNull(string key, ReadOnlySpan<string> keys, ReadOnlySpan<string> notYet)
    {
        var node = NodeOrNull(key);
        if (node is YamlMappingNode map)
            return new PolicyMap(map, keys, notYet, _mistakes);
        if (node is not null)
            Fault(node, $"{key} must be a mapping: one \"key: value\" a line, indented");
        return null;
    }

    /// <summary>The one text of a key; null where there is none, or none that can be one.</summary>
    public string? TextOrNull(string key) => NodeOrNull(key) is { } node ? TextOrNull(key, node) : null;

    /// <summary>The texts of a key, which may be one or a list of them; none where it is not there.</summary>
    public ImmutableArray<(YamlNode Node, string Text)> Texts(string key)
    {
        var node = NodeOrNull(key);
        if (node is YamlSequenceNode { Children.Count: 0 })
            Fault(node, $"{key} is empty: leave it out to mean all");
        IEnumerable<YamlNode> nodes = node is YamlSequenceNode many ? many.Children : node is null ? [] : [node];
        return [.. nodes.Select(one => (one, TextOrNull(key, one))).Where(static one => one.Item2 is not null).Select(static one => (one.one, one.Item2!))];
    }

    /// <summary>What the texts of a key mean, by a reader that says what is wrong with one.</summary>
    public ImmutableArray<T> Values<T>(string key, Reader<T> read)
    {
        var values = ImmutableArray.CreateBuilder<T>();
        foreach (var (node, text) in Texts(key))
        {
            if (read(text, out var value) is { } fault)
                Fault(node, $"{key}: {fault}");
            else
                values.Add(value);
        }

        return values.ToImmutable();
    }

    /// <summary>What the one text of a key means; null where there is none, or none that means something.</summary>
    public T? ValueOrNull<T>(string key, Reader<T> read)
        where T : struct
    {
        if (TextOrNull(key) is not { } text)
            return null;
        if (read(text, out var value) is not { } fault)
            return value;
        Fault(NodeOrNull(key), $"{key}: {fault}");
        return null;
    }

    /// <summary>What a text means; what is wrong with it, or null.</summary>
    public delegate string? Reader<T>(string text, out T value);

    private string? TextOrNull(string key, YamlNode node)
    {
        if (node is not YamlScalarNode { Value: { } text })
            Fault(node, $"{key} must be a text");
        else if (text.Trim().Length == 0)
            Fault(node, $"{key} is empty");
        else if (text.Length > MaxText || !ReferenceEquals(LogText.Clean(text, MaxText), text))
            Fault(node, $"{key} must have at most {MaxText} characters, none of them a control character or the end of a line");
        else
            return text.Trim();
        return null;
    }
}
