using System.Globalization;
using System.Text;

namespace ProxyCluster.Repositories;

/// <summary>An object of a repository.</summary>
/// <param name="Hash">Its name.</param>
/// <param name="Kind"><c>commit</c>, <c>tree</c>, <c>blob</c> or <c>tag</c>.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record GitObject(string Hash, string Kind, byte[] Content)
{
    /// <summary>When a commit was committed; the beginning of time where it does not say.</summary>
    public DateTimeOffset Committed
    {
        get
        {
            foreach (var line in Encoding.UTF8.GetString(Content).Split('\n').TakeWhile(static line => line.Length > 0))
            {
                if (line.StartsWith("committer ", StringComparison.Ordinal)
                    && long.TryParse(line[(line.LastIndexOf('>') + 1)..].Trim().Split(' ')[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
                    && seconds is >= -62135596800 and <= 253402300799)
                    return DateTimeOffset.FromUnixTimeSeconds(seconds);
            }

            return DateTimeOffset.UnixEpoch;
        }
    }

    /// <summary>Reads what <c>git cat-file --batch</c> prints, one object for each name that it was given.</summary>
    /// <exception cref="InvalidDataException">It is not that.</exception>
    public static IReadOnlyList<GitObject?> ParseBatch(ReadOnlySpan<byte> output, int count)
    {
        var objects = new GitObject?[count];
        for (var i = 0; i < count; i++)
        {
            var end = output.IndexOf((byte)'\n');
            if (end < 0)
                throw new InvalidDataException("git cat-file ended early");
            var header = Encoding.UTF8.GetString(output[..end]);
            output = output[(end + 1)..];
            if (header.Split(' ') is not [{ Length: 40 or 64 } hash, var kind, var length]
                || kind is not ("blob" or "tree" or "commit" or "tag")
                || !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
                continue; // missing, ambiguous, or the way to it is no directory
            if (size >= output.Length)
                throw new InvalidDataException("git cat-file ended early");
            objects[i] = new GitObject(hash, kind, output[..size].ToArray());
            output = output[(size + 1)..];
        }

        return objects;
    }
}
