using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using ProxyCluster.Files;

namespace ProxyCluster.Credentials;

/// <summary>
/// The tokens that <c>proxycluster login</c> got, a file per provider, encrypted with keys that lie beside them; all of it for
/// this user alone (700, 600). A file is bound to where its tokens came from: with another endpoint or client in the
/// configuration it holds nothing. Keys and tokens together are worth a login, so a copy of this directory is one.
/// <para>
/// Several processes use it: a silo, and whoever logs in or asks for git. A file is replaced whole, and whoever renews tokens
/// holds the provider's lock, for a provider may take a refresh token once only.
/// </para>
/// </summary>
internal sealed class LoginDirectory(string path, TimeProvider clock)
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>The file of a provider's tokens, which holds null where they were written for another provider or client, or the key is gone.</summary>
    public SecretFile<OAuthTokens> Open(string name, OAuthOptions options) => new(FileOf(name), text =>
    {
        try
        {
            return JsonSerializer.Deserialize(Protector(name, options).Unprotect(text), OAuthJson.Default.OAuthTokens);
        }
        catch (Exception e) when (e is CryptographicException or JsonException)
        {
            return null;
        }
    });

    /// <summary>Keeps tokens in place of those before.</summary>
    public void Write(string name, OAuthOptions options, OAuthTokens tokens)
    {
        Prepare();
        var temporary = $"{FileOf(name)}.{Guid.NewGuid():N}";
        using (var file = new FileStream(temporary, Options(FileMode.CreateNew, FileAccess.Write)))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(Protector(name, options).Protect(JsonSerializer.Serialize(tokens, OAuthJson.Default.OAuthTokens))));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, FileOf(name), overwrite: true);
    }

    /// <summary>Forgets them; false where there were none.</summary>
    public bool Delete(string name)
    {
        if (!File.Exists(FileOf(name)))
            return false;
        File.Delete(FileOf(name));
        return true;
    }

    /// <summary>Waits for the turn to renew a provider's tokens; dispose it to let go. A process that dies lets go too.</summary>
    public async Task<IDisposable> LockAsync(string name, CancellationToken cancel)
    {
        Prepare();
        while (true)
        {
            try
            {
                return new FileStream(FileOf(name) + ".lock", Options(FileMode.OpenOrCreate, FileAccess.ReadWrite));
            }
            catch (IOException e) when (FileLocks.IsHeld(e))
            {
                await Task.Delay(LookAgain, clock, cancel);
            }
        }
    }

    private static FileStreamOptions Options(FileMode mode, FileAccess access)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = Own;
        return options;
    }

    private void Prepare()
    {
        foreach (var directory in (ReadOnlySpan<string>)[path, Keys])
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory);
            else
                Directory.CreateDirectory(directory, Own | UnixFileMode.UserExecute);
        }
    }

    private string Keys => Path.Combine(path, "keys");

    private string FileOf(string name) => Path.Combine(path, name + ".login");

    // Made anew each time, which is when a file has changed: another process may have added a key meanwhile.
    private IDataProtector Protector(string name, OAuthOptions options) =>
        DataProtectionProvider.Create(new DirectoryInfo(Keys), static builder => builder.SetApplicationName("proxycluster"))
            .CreateProtector("Credentials", name, options.Issuer, options.TokenEndpoint, options.ClientId);
}
