using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;
using ProxyCluster.Demo;
using ProxyCluster.TestKit.Azurite;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Storage.Blobs;

/// <summary>
/// The way of a machine in Azure: no key in the settings, a token from the machine's metadata service, shown to the store
/// over HTTPS. The product and Azurite, which checks the token's issuer, audience and times, are processes of their own.
/// </summary>
[Trait("Needs", "azurite")]
public sealed class ManagedIdentityTests : IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly ScratchDirectory _scratch = new();
    private readonly ConcurrentQueue<string> _asked = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _certificates.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Store_ReachedByTheMachinesIdentity_GivesOneSiloWhatAnotherCommitted()
    {
        var (cert, key) = _certificates.Issue();
        await using var azurite = await AzuriteProcess.StartAsync("--oauth", "basic", "--cert", cert, "--key", key);
        await using var metadata = await LoopbackServer.StartAsync(GiveTokenAsync, Cancel);
        var world = await OutsideWorld.StartAsync(TimeSpan.Zero, TimeProvider.System, Cancel);
        var sample = world.Modules[0];
        var path = $"{sample.Module.Path.Escaped}/@v/{sample.Module.EscapedVersion}.zip";
        var (writer, reader) = (Settings("writer", world, azurite, metadata), Settings("reader", world, azurite, metadata));
        try
        {
            await using var first = await ProxyProcess.StartAsync(writer);
            Assert.Equal(sample.Zip, await first.Http.GetByteArrayAsync(path, Cancel));
            Assert.Equal(1, await first.MetricAsync("proxycluster_shared_writes_total", "outcome=\"ok\""));
        }
        finally
        {
            await world.DisposeAsync();
        }

        // With upstream and checksum database gone, the store is all there is.
        await using var second = await ProxyProcess.StartAsync(reader);
        Assert.Equal(sample.Zip, await second.Http.GetByteArrayAsync(path, Cancel));

        Assert.Contains(_asked, static query => Uri.UnescapeDataString(query).Contains("resource=https://storage.azure.com", StringComparison.Ordinal));
    }

    private ProxySettings Settings(string name, OutsideWorld world, AzuriteProcess azurite, LoopbackServer metadata) =>
        new(_scratch[name], world.Upstream.Url, world.Database.Setting)
        {
            MoreArguments =
            [
                "--set", $"Storage:Blob:Endpoint={azurite.Endpoint}", "--set", "Storage:Blob:Container=modules",
                "--set", "Storage:Blob:WriteMode=before-answer",
            ],
            Environment = new Dictionary<string, string>
            {
                ["SSL_CERT_FILE"] = _certificates.CaFile,
                ["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = metadata.Url,
                ["AZURE_TOKEN_CREDENTIALS"] = "ManagedIdentityCredential",
            },
        };

    private async Task GiveTokenAsync(HttpContext context, string path)
    {
        if (path != "/metadata/identity/oauth2/token")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // The first question only finds out whether somebody is here, and leaves the header out.
        if (context.Request.Headers["Metadata"] != "true")
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        _asked.Enqueue(context.Request.QueryString.Value!);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = $$"""{"aud":"https://storage.azure.com","iss":"https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/","iat":{{now - 60}},"nbf":{{now - 60}},"exp":{{now + 3600}}}""";
        var token = $"{Part("""{"alg":"HS256","typ":"JWT"}""")}.{Part(claims)}.{Part("nobody checks it")}";
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(
            $$"""{"access_token":"{{token}}","expires_on":"{{now + 3600}}","resource":"https://storage.azure.com","token_type":"Bearer","client_id":"00000000-0000-0000-0000-000000000000"}""",
            Cancel);
    }

    private static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
