using ProxyCluster.Configuration;

namespace ProxyCluster.Credentials;

/// <summary>An identity provider whose device flow (RFC 8628) gives the tokens for some hosts: <c>proxycluster login HOST</c>.</summary>
internal sealed class OAuthOptions
{
    /// <summary>For which hosts and paths, as a rule's <see cref="CredentialRuleOptions.Match"/>. Required.</summary>
    public string Hosts { get; set; } = "";

    /// <summary>
    /// The provider, for its <c>/.well-known/openid-configuration</c>, which names the endpoints that are not given here.
    /// Default: none; then both are.
    /// </summary>
    public string Issuer { get; set; } = "";

    /// <summary>Where a device asks for a code. Default: as the issuer says.</summary>
    public string DeviceEndpoint { get; set; } = "";

    /// <summary>Where tokens come from. Default: as the issuer says.</summary>
    public string TokenEndpoint { get; set; } = "";

    /// <summary>What this client is called there. Required.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>What proves that it is this client. Default: none, as is usual for devices.</summary>
    [Secret]
    public string ClientSecret { get; set; } = "";

    /// <summary>File with the same; changes count at once. Default: none.</summary>
    public string ClientSecretFile { get; set; } = "";

    /// <summary>What is asked for, separated by spaces. Default <c>offline_access</c>: most providers give a refresh token for that alone.</summary>
    public string Scope { get; set; } = "offline_access";

    /// <summary>The form's fields that say which client asks.</summary>
    public IEnumerable<KeyValuePair<string, string>> Client()
    {
        yield return new("client_id", ClientId);
        var secret = ClientSecretFile.Length > 0 ? new SecretFile<string>(ClientSecretFile, static text => text.Trim()).ReadOrNull() : ClientSecret;
        if (!string.IsNullOrEmpty(secret))
            yield return new("client_secret", secret);
    }
}
