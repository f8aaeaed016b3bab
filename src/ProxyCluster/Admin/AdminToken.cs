using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace ProxyCluster.Admin;

/// <summary>One line of the token file. Only the hash of the token is kept.</summary>
internal sealed class AdminToken
{
    /// <summary>Shortest token that may be written plainly.</summary>
    public const int MinLength = 16;

    private const string HashPrefix = "sha256:";

    private readonly byte[] _hash;

    private AdminToken(AdminRole role, string name, byte[] hash)
    {
        Role = role;
        Name = name;
        _hash = hash;
    }

    /// <summary>What its holder may do.</summary>
    public AdminRole Role { get; }

    /// <summary>Who holds it.</summary>
    public string Name { get; }

    /// <summary>Whether a token with this SHA-256 is the one; takes the same time either way.</summary>
    public bool Matches(ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(hash, _hash);

    /// <summary>The hash that tokens are compared by.</summary>
    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Reads a line; <paramref name="fault"/> never quotes the token.</summary>
    public static bool TryParse(string line, [NotNullWhen(true)] out AdminToken? token, out string fault)
    {
        token = null;
        var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 3)
        {
            fault = "it must be ROLE NAME TOKEN";
            return false;
        }

        AdminRole role;
        switch (words[0])
        {
            case "viewer":
                role = AdminRole.Viewer;
                break;
            case "operator":
                role = AdminRole.Operator;
                break;
            default:
                fault = "the role must be viewer or operator";
                return false;
        }

        byte[] hash;
        if (words[2].StartsWith(HashPrefix, StringComparison.Ordinal))
        {
            hash = new byte[SHA256.HashSizeInBytes];
            if (words[2].Length != HashPrefix.Length + (2 * hash.Length)
                || Convert.FromHexString(words[2].AsSpan(HashPrefix.Length), hash, out _, out _) != System.Buffers.OperationStatus.Done)
            {
                fault = "after sha256: there must be 64 hexadecimal digits";
                return false;
            }
        }
        else if (words[2].Length < MinLength)
        {
            fault = $"the token has less than {MinLength} characters";
            return false;
        }
        else
        {
            hash = HashOf(words[2]);
        }

        token = new AdminToken(role, words[1], hash);
        fault = "";
        return true;
    }
}
