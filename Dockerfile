# Two images of one build: "server", every role of the backend with the web app, and "edge", NGINX with the same web app.
#   docker build --target server --tag kavalek-server .
#   docker build --target edge --tag kavalek-edge .
# One image for all roles: auth and messaging are one executable, always of one version, built and signed once (docs/deployment.md).

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS sdk
ENV CI=true DOTNET_CLI_TELEMETRY_OPTOUT=true
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY build build
COPY protocol protocol
COPY mls mls

FROM sdk AS wasm
COPY client client
# The analyzers have spoken in the tests.
RUN dotnet publish client/browser --configuration Release --verbosity quiet --nologo -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false \
 && cp -r "$(cat client/browser/obj/runtime-pack.txt)" /pack && echo /pack > /pack.txt

FROM node:24-slim AS web
ENV CI=true
WORKDIR /source
COPY package.json package-lock.json ./
COPY frontend-mobile/package.json frontend-mobile/
COPY frontend-admin/package.json frontend-admin/
RUN npm ci --ignore-scripts --no-fund --no-audit --loglevel error
COPY build build
COPY frontend-mobile frontend-mobile
COPY frontend-admin frontend-admin
COPY --from=wasm /source/frontend-mobile/public/dotnet frontend-mobile/public/dotnet
COPY --from=wasm /pack /pack
COPY --from=wasm /pack.txt /pack.txt
RUN node build/bundle.mjs frontend-mobile/public/dotnet /pack.txt && npm --prefix frontend-mobile run --silent build -- --logLevel warn && npm --prefix frontend-admin run --silent build -- --logLevel warn && node build/compress.mjs frontend-mobile/dist /tmp/compressed

FROM sdk AS published
COPY docs/STORED.md docs/STORED.md
COPY backend backend
RUN dotnet publish backend/host --configuration Release --output /app --verbosity quiet --nologo -p:Precompiled=true -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS server
COPY --from=published /app /app
COPY --from=web /source/frontend-mobile/dist /app/web
COPY --chmod=755 scripts/kavalek-admin /usr/local/bin/kavalek-admin
RUN install --directory --owner app --group app --mode 700 /data /backups /messaging
# No debugger gets in, and nothing is written outside /data, /backups, /messaging and /tmp.
ENV DOTNET_EnableDiagnostics=0 KAVALEK_DATA=/data KAVALEK_URLS=http://+:8080
USER $APP_UID
VOLUME ["/data"]
EXPOSE 8080 8443
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 CMD ["dotnet", "/app/Kavalek.Host.dll", "healthcheck"]
ENTRYPOINT ["dotnet", "/app/Kavalek.Host.dll"]

FROM nginx:1.28 AS edge
COPY app/nginx/nginx.conf /etc/nginx/nginx.conf
COPY app/nginx/site.conf /etc/nginx/templates/site.conf.template
COPY --chmod=755 app/nginx/certificate.sh /docker-entrypoint.d/10-certificate.sh
RUN command -v openssl && rm -f /etc/nginx/conf.d/default.conf && chown nginx:nginx /etc/nginx/conf.d
COPY --from=web /source/frontend-mobile/dist /usr/share/kavalek/web
# KAVALEK_HOST has no default.
ENV NGINX_ENVSUBST_FILTER=^KAVALEK_ KAVALEK_AUTH=kavalek:8080 KAVALEK_MESSAGING=kavalek:8080 KAVALEK_RESOLVER=127.0.0.11 \
    KAVALEK_CERTIFICATES=/tmp/certificates KAVALEK_CERTBOT=/certificates KAVALEK_WEB=/usr/share/kavalek/web KAVALEK_WEBROOT=/webroot \
    KAVALEK_HTTP_PORT=8080 KAVALEK_HTTPS_PORT=8443
RUN install --directory --owner nginx --group nginx --mode 755 /certificates /webroot
USER nginx
EXPOSE 8080 8443
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s --retries=3 CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8080/"]
