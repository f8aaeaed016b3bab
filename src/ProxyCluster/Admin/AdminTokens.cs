using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Admin;

/// <summary>
/// The tokens of the admin API. The file is read again whenever it changed; one that has become unreadable or wrong
/// changes nothing, so that a slip of an editor locks nobody out and lets nobody in.
/// </summary>
internal sealed partial class AdminTokens(IOptions<AdminOptions> options, ILogger<AdminTokens> logger)
{
    // Guards both fields below.
    private readonly Lock _lock = new();
    private (DateTime Written, long Length) _stamp;
    private ImmutableArray<AdminToken> _tokens = [];

    /// <summary>False where no token file is configured: then there is no admin API.</summary>
    public bool IsOn => options.Value.TokenFile.Length > 0;

    /// <summary>Whose token this is; null for nobody's. Every token is compared, always.</summary>
    public AdminToken? FindOrNull(string token)
    {
        var hash = AdminToken.HashOf(token);
        AdminToken? found = null;
        foreach (var known in Current())
        {
            if (known.Matches(hash))
                found = known;
        }

        return found;
    }

    /// <summary>The tokens of a file's text.</summary>
    /// <exception cref="InvalidDataException">A line is wrong; the message says which, and never quotes a token.</exception>
    public static ImmutableArray<AdminToken> Parse(string text)
    {
        var tokens = ImmutableArray.CreateBuilder<AdminToken>();
        foreach (var (index, line) in text.ReplaceLineEndings("\n").Split('\n').Index())
        {
            if (line.Trim() is not { Length: > 0 } trimmed || trimmed[0] == '#')
                continue;
            if (!AdminToken.TryParse(trimmed, out var token, out var fault))
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"line {index + 1}: {fault}"));
            tokens.Add(token);
        }

        return tokens.ToImmutable();
    }

    private ImmutableArray<AdminToken> Current()
    {
        lock (_lock)
        {
            try
            {
                var file = new FileInfo(options.Value.TokenFile);
                var stamp = (file.LastWriteTimeUtc, file.Length);
                if (stamp == _stamp)
                    return _tokens;
                _stamp = stamp;
                _tokens = Parse(File.ReadAllText(file.FullName));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                Log.Unreadable(logger, options.Value.TokenFile, e.Message);
            }

            return _tokens;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Token file {File} could not be used, and the tokens known before stay in force: {Reason}")]
        public static partial void Unreadable(ILogger logger, string file, string reason);
    }
}
