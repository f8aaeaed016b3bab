using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;

namespace ProxyCluster.Access;

/// <summary>Who a client has proved to be. One who has proved nothing has none, and is anonymous.</summary>
/// <param name="Subject">Its name, as a token file, an identity provider or an authority gives it.</param>
/// <param name="Groups">What it belongs to.</param>
internal sealed record Identity(string Subject, ImmutableArray<string> Groups)
{
    private const int MaxName = 200;

    // It travels in a request line between members, encoded, beside the client's own target.
    private const int MaxAll = 2048;

    /// <summary>
    /// The identity of these names; null where the subject is none that may stand in logs and lines. Groups that may not, and what is too
    /// much of them, are left out: that gives fewer rights, never more.
    /// </summary>
    public static Identity? OrNull(string? subject, IEnumerable<string> groups)
    {
        if (subject is null || !IsName(subject))
            return null;
        var left = MaxAll - subject.Length;
        return new(subject, [.. groups.Where(IsName).Distinct(StringComparer.Ordinal).TakeWhile(group => (left -= group.Length + 1) >= 0)]);
    }

    /// <summary>One word that holds it, for a path.</summary>
    public string Write() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Join('\n', [Subject, .. Groups])));

    /// <summary>Reads what <see cref="Write"/> writes; null for anything else.</summary>
    public static Identity? ReadOrNull(ReadOnlySpan<char> word) =>
        Base64Url.IsValid(word) && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(word)).Split('\n') is [var subject, .. var groups]
            ? OrNull(subject, groups)
            : null;

    private static bool IsName(string name) => name.Length is > 0 and <= MaxName && !name.Any(char.IsControl) && name.Trim().Length == name.Length;
}
