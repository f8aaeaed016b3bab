using ProxyCluster.Files;

namespace ProxyCluster.Credentials;

/// <summary>
/// A file that holds a secret, and what is made of it. It is read for every question: it is small, and no time or size of a
/// file behind a link says whether it was changed. One that cannot be read while there is one keeps what it said last.
/// </summary>
internal sealed class SecretFile<T>(string path, Func<string, T?> parse)
    where T : class
{
    // What the last text was and what became of it, swapped whole.
    private volatile Seen? _seen;

    /// <summary>What is in it; null where it is not there, or holds nothing of use.</summary>
    public T? ReadOrNull()
    {
        // Most often there is none: an exception each time would cost more than the look.
        if (!File.Exists(path))
        {
            _seen = null;
            return null;
        }

        string text;
        try
        {
            text = RegularFile.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return _seen?.Value;
        }

        var seen = _seen;
        if (seen?.Text != text)
            _seen = seen = new Seen(text, parse(text));
        return seen.Value;
    }

    private sealed record Seen(string Text, T? Value);
}
