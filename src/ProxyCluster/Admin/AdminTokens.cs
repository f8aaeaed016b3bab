using Microsoft.Extensions.Options;
using ProxyCluster.Access;

namespace ProxyCluster.Admin;

/// <summary>What a line of the token file gives its holder.</summary>
/// <param name="Role">What he may do.</param>
/// <param name="Name">Who he is.</param>
internal sealed record AdminToken(AdminRole Role, string Name);

/// <summary>The tokens of the admin API; where no file is configured there is none. Operators ask rarely, so it is read for every question.</summary>
internal sealed class AdminTokens(IOptions<AdminOptions> options, TimeProvider clock, ILogger<AdminTokens> logger)
    : TokenFile<AdminToken>(options.Value.TokenFile, Read, TimeSpan.Zero, clock, logger)
{
    /// <summary>Reads <c>ROLE NAME TOKEN</c>.</summary>
    public static string? Read(string[] words, out AdminToken? holder, out string token)
    {
        (holder, token) = (null, "");
        if (words is not [var role, var name, var given])
            return "it must be ROLE NAME TOKEN";
        if (role is not ("viewer" or "operator"))
            return "the role must be viewer or operator";
        (holder, token) = (new(role == "viewer" ? AdminRole.Viewer : AdminRole.Operator, name), given);
        return null;
    }
}
