#!/usr/bin/env bash
# What a silo's cache of grains' places takes before it has any.
#
# One would expect: that a cache of at most so many entries (GrainDirectoryOptions.CacheSize, a million) grows with what is in it,
#   as "the maximum number of grains to cache directory information for" reads.
# What happens: its dictionary is made for the maximum when the silo starts: some 18 MiB in the large object heap, in a cluster of
#   one silo too, whose grains never live elsewhere, and once more for each further silo in the process.
# Way out: a CacheSize of what a silo really asks for. A place that was dropped is one question to the directory.
# Version: Microsoft.Orleans.Server 10.4.2 on .NET 10.0
# Date: 2026-11-28
# Source: found in a dump of an idle silo's heap; seen again by running the package
#
# Run by hand; needs the .NET SDK and a NuGet source. Exit code 0: it is still so.
set -eu -o pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >finding.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable></PropertyGroup>
  <ItemGroup><PackageReference Include="Microsoft.Orleans.Server" Version="10.4.2" /></ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;

// The first one pays for what a process has once.
await StartAsync(1000);
var (small, _) = await StartAsync(1000);
var (large, size) = await StartAsync(null);
Console.WriteLine($"CacheSize by default: {size}");
Console.WriteLine($"a silo that has started holds more than 15 MiB more than with CacheSize 1000: {large - small > 15L << 20}");

static async Task<(long Bytes, int Size)> StartAsync(int? size)
{
    var before = GC.GetTotalMemory(forceFullCollection: true);
    var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
    builder.UseOrleans(silo => silo
        .UseLocalhostClustering(FreePort(), FreePort())
        .Configure<GrainDirectoryOptions>(options => options.CacheSize = size ?? options.CacheSize));
    using var host = builder.Build();
    await host.StartAsync();
    var held = GC.GetTotalMemory(forceFullCollection: true) - before;
    var cacheSize = host.Services.GetRequiredService<IOptions<GrainDirectoryOptions>>().Value.CacheSize;
    await host.StopAsync();
    return (held, cacheSize);
}

static int FreePort()
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    return ((IPEndPoint)listener.LocalEndpoint).Port;
}
CS
timeout 600 dotnet run --verbosity quiet >output
cat output
diff - output <<'EXPECTED'
CacheSize by default: 1000000
a silo that has started holds more than 15 MiB more than with CacheSize 1000: True
EXPECTED
echo "still so"
