using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ProxyCluster.Access;

/// <summary>Reads the words of a line: who holds the token, and the word that is the token; otherwise why not, never quoting it.</summary>
internal delegate string? TokenLineReader<T>(string[] words, out T? holder, out string token)
    where T : class;

/// <summary>One token, of which only the hash is kept.</summary>
/// <param name="Holder">Whose it is.</param>
/// <param name="Hash">Its SHA-256.</param>
internal readonly record struct HeldToken<T>(T Holder, byte[] Hash);

/// <summary>
/// The form of token files: a line for each token, with what it gives, and <c>#</c> for comments. A token is written as
/// <c>sha256:HEX</c> of it, or plainly.
/// </summary>
internal static class TokenLines
{
    /// <summary>Shortest token that may be written plainly.</summary>
    public const int MinLength = 16;

    private const string HashPrefix = "sha256:";

    /// <summary>The hash that tokens are compared by.</summary>
    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>The tokens of a file's text, and what is wrong with its other lines; that names them and never quotes a token.</summary>
    public static ImmutableArray<HeldToken<T>> Parse<T>(string text, TokenLineReader<T> read, out IReadOnlyList<string> faults)
        where T : class
    {
        var wrong = new List<string>();
        var tokens = ImmutableArray.CreateBuilder<HeldToken<T>>();
        foreach (var (index, line) in text.ReplaceLineEndings("\n").Split('\n').Index())
        {
            if (line.Trim() is not { Length: > 0 } trimmed || trimmed[0] == '#')
                continue;
            byte[] hash = [];
            if ((read(trimmed.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), out var holder, out var token) ?? FaultOf(token, out hash)) is { } fault)
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"line {index + 1}: {fault}"));
            else
                tokens.Add(new(holder!, hash));
        }

        faults = wrong;
        return tokens.ToImmutable();
    }

    /// <summary>Why a file cannot be used, one line each: it is found at the start, not by the first who is in need.</summary>
    public static IEnumerable<string> MistakesOf<T>(string file, string key, TokenLineReader<T> read)
        where T : class
    {
        if (file.Length == 0)
            return [];
        try
        {
            _ = Parse(File.ReadAllText(file), read, out var faults);
            return faults.Select(fault => $"{key}: {file}: {fault}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [$"{key}: {file}: {e.Message}"];
        }
    }

    private static string? FaultOf(string token, out byte[] hash)
    {
        hash = [];
        if (token.StartsWith(HashPrefix, StringComparison.Ordinal))
        {
            hash = new byte[SHA256.HashSizeInBytes];
            return token.Length == HashPrefix.Length + (2 * hash.Length)
                && Convert.FromHexString(token.AsSpan(HashPrefix.Length), hash, out _, out _) == OperationStatus.Done
                ? null
                : "after sha256: there must be 64 hexadecimal digits";
        }

        if (token.Length < MinLength)
            return $"the token has less than {MinLength} characters";
        hash = HashOf(token);
        return null;
    }
}
