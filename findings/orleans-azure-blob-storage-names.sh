#!/usr/bin/env bash
# Grain state in Azure blobs: what a state's blob is called.
#
# One would expect: that the blob of a state is its own. Orleans has a ServiceId for that ("state of a service's grains"), and
#   its Redis storage puts it in front of every key.
# What happens: the blob is STATE-TYPE/KEY.json in one container, "grainstate", whatever the service is called: two clusters
#   with different names on one storage account read and write each other's state. The parts are not escaped either: state
#   "s-t" of grain type "u" and state "s" of grain type "t-u" are one blob, and so are keys "a/b" and "a/./b".
#   Nothing fails, except later, writes by their entity tags.
# Way out: a container per service (ContainerName); no dash in names of states; no paths from outside as keys.
# Version: Microsoft.Orleans.Persistence.AzureStorage 10.4.2 on .NET 10.0
# Date: 2026-11-28
# Source: seen by running the package; nothing is sent anywhere
#
# Run by hand; needs the .NET SDK and a NuGet source. Exit code 0: it is still so.
set -eu -o pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >finding.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Azure.Core" Version="1.64.0" />
    <PackageReference Include="Microsoft.Orleans.Server" Version="10.4.2" />
    <PackageReference Include="Microsoft.Orleans.Persistence.AzureStorage" Version="10.4.2" />
  </ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using System;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;

foreach (var (service, state, type, key) in new[]
{
    ("one", "s-t", "u", "a/b"), ("two", "s-t", "u", "a/b"), ("one", "s", "t-u", "a/b"), ("one", "s", "t-u", "a/./b"),
})
{
    var seen = new Seen();
    var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
    builder.UseOrleans(silo => silo
        .UseLocalhostClustering()
        .Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = (service, service))
        .AddAzureBlobGrainStorage("Default", options => options.BlobServiceClient = new BlobServiceClient(
            "AccountName=account;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:10000/account",
            new BlobClientOptions { Transport = new HttpClientTransport(new HttpClient(seen)) })));
    using var host = builder.Build();
    var storage = host.Services.GetRequiredKeyedService<IGrainStorage>("Default");
    var life = new SiloLifecycleSubject(NullLogger<SiloLifecycleSubject>.Instance);
    ((ILifecycleParticipant<ISiloLifecycle>)storage).Participate(life);
    await life.OnStart(default);
    await storage.ReadStateAsync(state, GrainId.Create(type, key), new GrainState<object>());
    Console.WriteLine($"service {service}, state {state}, grain {type}/{key}: {seen.Last}");
}

class Seen : HttpMessageHandler
{
    public string? Last { get; private set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        Last = request.RequestUri!.AbsolutePath;
        var answer = new HttpResponseMessage(request.Method == HttpMethod.Put ? HttpStatusCode.Created : HttpStatusCode.NotFound)
        {
            Content = new ByteArrayContent([]),
            RequestMessage = request,
        };
        answer.Headers.Add("x-ms-error-code", "BlobNotFound");
        answer.Headers.TryAddWithoutValidation("ETag", "\"1\"");
        answer.Content.Headers.TryAddWithoutValidation("Last-Modified", "Sat, 28 Nov 2026 12:00:00 GMT");
        return Task.FromResult(answer);
    }
}
CS
timeout 600 dotnet run --verbosity quiet >output
cat output
diff - output <<'EXPECTED'
service one, state s-t, grain u/a/b: /account/grainstate/s-t-u/a/b.json
service two, state s-t, grain u/a/b: /account/grainstate/s-t-u/a/b.json
service one, state s, grain t-u/a/b: /account/grainstate/s-t-u/a/b.json
service one, state s, grain t-u/a/./b: /account/grainstate/s-t-u/a/b.json
EXPECTED
echo "still so"
