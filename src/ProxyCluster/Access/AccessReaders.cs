using System.Collections.Immutable;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Access;

/// <summary>The readers that a rule names, as its words say.</summary>
internal sealed class AccessReaders
{
    /// <summary>The word for everybody.</summary>
    public const string Anonymous = "anonymous";

    private const string Anybody = "anybody";
    private const string Subject = "subject:";
    private const string Group = "group:";

    private readonly ImmutableArray<string> _words;

    public AccessReaders(IEnumerable<string> words)
    {
        _words = [.. words];
        IncludeAnonymous = _words.Contains(Anonymous, StringComparer.Ordinal);
    }

    /// <summary>Whether everybody is among them.</summary>
    public bool IncludeAnonymous { get; }

    /// <summary>Is somebody among them? Null is an anonymous client.</summary>
    public bool Include(Identity? who) => IncludeAnonymous || (who is not null && _words.Any(word => Means(word, who)));

    /// <summary>Whether it matters that somebody is in a group.</summary>
    public bool Mention(string group) => _words.Any(word => word.StartsWith(Group, StringComparison.Ordinal) && Glob.IsMatch(word.AsSpan(Group.Length), group));

    /// <summary>Why a word names nobody, or null.</summary>
    public static string? FaultOrNull(string word) =>
        word is Anonymous or Anybody
        || (GlobOrNull(word) is { Length: > 0 } glob && Glob.IsWellFormed(glob))
            ? null
            : $"\"{word}\" names no reader: use {Anonymous}, {Anybody}, {Subject}GLOB or {Group}GLOB";

    private static string? GlobOrNull(string word) =>
        word.StartsWith(Subject, StringComparison.Ordinal) ? word[Subject.Length..]
        : word.StartsWith(Group, StringComparison.Ordinal) ? word[Group.Length..]
        : null;

    private static bool Means(string word, Identity who) =>
        word == Anybody
        || (word.StartsWith(Subject, StringComparison.Ordinal) && Glob.IsMatch(word.AsSpan(Subject.Length), who.Subject))
        || (word.StartsWith(Group, StringComparison.Ordinal) && who.Groups.Any(group => Glob.IsMatch(word.AsSpan(Group.Length), group)));
}
