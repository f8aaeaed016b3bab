using System.Buffers;
using System.Text;

namespace ProxyCluster.Fetching;

/// <summary>
/// The part of an upstream's error body that may be shown to a person: text/plain only, up to its first blank line, a few
/// printable lines (the same rules by which go shows ours, spec §3, with room left for our own words).
/// </summary>
internal static class UpstreamErrorText
{
    private const int MaxBytes = 500;
    private const int MaxLines = 6;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the body of an error answer as far as it is of use; null when it says nothing that can be shown.</summary>
    public static async Task<string?> ReadOrNullAsync(HttpContent content, CancellationToken ct)
    {
        if (!string.Equals(content.Headers.ContentType?.MediaType, "text/plain", StringComparison.OrdinalIgnoreCase)
            || content.Headers.ContentType?.CharSet?.Trim('"').ToUpperInvariant() is not (null or "" or "UTF-8" or "US-ASCII")
            || ContentCoding.UnreadableOrNull(content.Headers) is not null)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(MaxBytes);
        try
        {
            await using var stream = await ContentCoding.OpenAsync(content, ct);
            var length = await stream.ReadAtLeastAsync(buffer.AsMemory(0, MaxBytes), MaxBytes, throwOnEndOfStream: false, ct);
            return ClipOrNull(buffer.AsSpan(0, length));
        }
        catch (Exception e) when (e is IOException or InvalidDataException || (e is OperationCanceledException && ct.IsCancellationRequested))
        {
            // The status alone tells what matters.
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The showable part of <paramref name="body"/>, or null.</summary>
    public static string? ClipOrNull(ReadOnlySpan<byte> body)
    {
        if (body.Length >= MaxBytes)
        {
            // Do not let the cut split a character in two.
            body = body[..MaxBytes];
            while (!body.IsEmpty && (body[^1] & 0xC0) == 0x80)
                body = body[..^1];
            if (!body.IsEmpty && body[^1] >= 0xC0)
                body = body[..^1];
        }

        string text;
        try
        {
            text = Strict.GetString(body);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }

        var lines = text.ReplaceLineEndings("\n").Split('\n')
            .SkipWhile(string.IsNullOrWhiteSpace).TakeWhile(static line => !string.IsNullOrWhiteSpace(line))
            .Take(MaxLines).Select(static line => line.Replace('\t', ' ').TrimEnd());
        var shown = string.Join('\n', lines);
        return shown.Length == 0 || shown.Any(static c => char.IsControl(c) && c != '\n') ? null : shown;
    }
}
